/* Makes the pages better; every one of them works without it. */
(() => {
    "use strict";
    const $ = (selector, root = document) => root.querySelector(selector);
    const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
    const texts = ($("#texts") || document.body).dataset;
    const fill = (text, values) => (text || "").replace(/%(\w+)%/g, (whole, name) => values[name] ?? whole);

    function make(tag, className, text) {
        const node = document.createElement(tag);
        if (className) node.className = className;
        if (text !== undefined) node.textContent = text;
        return node;
    }

    function icon(name) {
        const node = make("i", "i i-" + name);
        node.setAttribute("aria-hidden", "true");
        return node;
    }

    function announce(text) {
        const live = $("#live");
        if (!live) return;
        live.textContent = "";
        setTimeout(() => { live.textContent = text; }, 60);
    }

    /* What the last page did is told once, not again at each reload. */
    if (/[?&]notice=/.test(location.search)) {
        const here = new URL(location.href);
        here.searchParams.delete("notice");
        history.replaceState(history.state, "", here);
    }

    /* ---- passwords: shown on demand, and how strong ---- */

    /* 0 to 4: how many guesses it may take, from length and variety, less for repetition and for one's own names. */
    function strength(password, known) {
        let text = password.toLowerCase();
        for (const word of known) if (word.length > 2) text = text.split(word.toLowerCase()).join("");
        text = text.replace(/(.+?)\1+/g, "$1");
        const follows = (c, i) => i && Math.abs(c.charCodeAt(0) - text.charCodeAt(i - 1)) === 1;
        const runs = text.replace(/./g, (c, i) => (follows(c, i) ? "" : c));
        const common = /^(?:passw|motdep|azerty|qwerty|bonjour|soleil|welcome)/.test(text);
        if (password.length < 8 || common) return runs.length > 11 ? 2 : password ? 1 : 0;
        const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z0-9]/].filter((kind) => kind.test(password)).length;
        const bits = runs.length * (2.6 + kinds * 0.75);
        return bits < 24 ? 1 : bits < 38 ? 2 : bits < 54 ? 3 : 4;
    }

    /* Whether somebody's own names make up most of it. */
    function holds(password, known) {
        const text = password.toLowerCase();
        return known.some((word) => word.length > 3 && text.includes(word.toLowerCase()) && text.length - word.length <= 5);
    }

    function password(field) {
        const input = $("input", field), show = $(".show", field);
        const bars = $(".strength", field), wrong = $(".help .wrong", field);
        let says = $(".strength-text", field);
        show.hidden = false;
        show.addEventListener("click", () => {
            const shown = input.type === "password";
            input.type = shown ? "text" : "password";
            show.setAttribute("aria-pressed", String(shown));
            $(".i", show).className = "i " + (shown ? "i-eye-off" : "i-eye");
            $(".sr", show).textContent = shown ? texts.hide : texts.show;
        });
        if (field.dataset.password !== "new" || !bars) return;
        const help = says && says.textContent;
        input.addEventListener("input", () => {
            const form = input.form;
            if (!says && wrong) { /* what was wrong with the last one says nothing about this one */
                says = make("span", "strength-text");
                says.setAttribute("aria-live", "polite");
                wrong.replaceWith(says);
                input.removeAttribute("aria-invalid");
            }
            const known = ["given_name", "family_name", "email", "organization"]
                .map((name) => form.elements[name]?.value || "")
                .concat(($("#email", form)?.value || "").split(/[@.]/), (field.dataset.known || "").split(/[\s@.]+/));
            const level = strength(input.value, known), about = level < 2 && holds(input.value, known);
            bars.hidden = !input.value;
            bars.dataset.level = level;
            if (says) says.textContent = !input.value ? help : about ? field.dataset.weak : texts["strength-" + level] || texts["strength" + level];
        });
    }

    /* ---- the browser's own time zone, first in the list and offered beside it ---- */

    const here = Intl.DateTimeFormat().resolvedOptions().timeZone || "";

    function zone(select) {
        const known = here && $(`option[value="${here}"]`, select);
        if (!known || select.value === here) return;
        $("optgroup", select).prepend(known.cloneNode(true));
        const offer = make("button", "plain link", fill(select.dataset.zone, { zone: known.text }));
        offer.type = "button";
        offer.addEventListener("click", () => {
            select.value = here;
            offer.remove();
            select.focus();
        });
        select.after(offer);
    }

    /* ---- dialogs: a page's data-fragment, shown over the list ---- */

    function dialog(className) {
        const box = make("dialog", className);
        const close = make("button", "dialog-close");
        close.type = "button";
        close.setAttribute("aria-label", texts.close);
        close.append(icon("close"));
        close.addEventListener("click", () => box.close());
        box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
        const body = make("div", "dialog-body");
        box.append(body, close);
        document.body.append(box);
        box.addEventListener("close", () => box.remove());
        return { box, body };
    }

    function fillDialog(body, fragment) {
        body.replaceChildren(fragment);
        enhance(body);
        const title = $("h1", body);
        if (title) {
            title.id = "dialog-title";
            title.tabIndex = -1;
            title.autofocus = true;
            body.parentNode.setAttribute("aria-labelledby", "dialog-title");
        }
        $$("a.cancel", body).forEach((link) => link.addEventListener("click", (event) => {
            event.preventDefault();
            body.parentNode.close();
        }));
    }

    async function open(link) {
        let fragment = null;
        link.setAttribute("aria-busy", "true");
        try {
            const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
            const page = new DOMParser().parseFromString(await answer.text(), "text/html");
            fragment = answer.ok && !answer.redirected && $("[data-fragment]", page);
        } catch { /* the link itself still leads there */ }
        link.removeAttribute("aria-busy");
        if (!fragment) {
            location.assign(link.href);
            return;
        }
        const before = link.closest("dialog");
        if (before) before.close();
        const { box, body } = dialog(link.dataset.open === "panel" ? "panel" : "ask-box");
        fillDialog(body, document.adoptNode(fragment));
        box.showModal();
        const back = link.closest("details")?.querySelector("summary") || link;
        box.addEventListener("close", () => back.isConnected && back.focus());
    }

    function confirmFirst(button) {
        button.addEventListener("click", (event) => {
            if (button.dataset.confirmed) return;
            event.preventDefault();
            const { box, body } = dialog("ask-box");
            const ask = make("article", "ask");
            const actions = make("p", "actions");
            const yes = make("button", button.classList.contains("danger") ? "btn danger" : "btn primary", button.dataset.confirmYes);
            const no = make("button", "btn", button.dataset.confirmNo);
            actions.append(yes, no);
            ask.append(make("h1", "", button.dataset.confirm), actions);
            fillDialog(body, ask);
            no.addEventListener("click", () => box.close());
            yes.addEventListener("click", () => {
                button.dataset.confirmed = "yes";
                box.close();
                button.form.requestSubmit(button);
            });
            box.showModal();
        });
    }

    /* ---- lists: select all, count what is ticked, filter at once ---- */

    function list(area) {
        const all = $(".pick-all", area), picks = $$(".pick", area), count = $(".bulk-count", area);
        if (!all || !picks.length) return;
        all.hidden = false;
        const tell = () => {
            const n = picks.filter((pick) => pick.checked).length;
            all.checked = n === picks.length;
            all.indeterminate = n > 0 && n < picks.length;
            if (count) count.textContent = fill(texts.selected, { count: n });
        };
        all.addEventListener("change", () => {
            picks.forEach((pick) => { pick.checked = all.checked; });
            tell();
            announce(count ? count.textContent : "");
        });
        let last = null;
        picks.forEach((pick, at) => pick.addEventListener("click", (event) => {
            if (event.shiftKey && last !== null)
                for (const other of picks.slice(Math.min(last, at), Math.max(last, at) + 1)) other.checked = pick.checked;
            last = at;
            tell();
        }));
        tell();
    }

    function filters(form) {
        const button = $("button", form);
        if (button) button.classList.add("sr");
        $$("select", form).forEach((select) => select.addEventListener("change", () => form.requestSubmit()));
        form.addEventListener("submit", () => {
            for (const field of $$("input, select", form)) field.disabled = !field.value;
        });
    }

    /* ---- copying ---- */

    function copy(button) {
        const field = document.getElementById(button.dataset.copy);
        if (!field || !navigator.clipboard) return;
        button.hidden = false;
        button.addEventListener("click", async () => {
            field.select?.();
            try {
                await navigator.clipboard.writeText(field.value);
            } catch {
                return;
            }
            button.dispatchEvent(new Event("kept", { bubbles: true }));
            const label = $("span", button), before = label.textContent;
            if (before === texts.copied) return;
            label.textContent = texts.copied;
            announce(texts.copied);
            setTimeout(() => { label.textContent = before; }, 2000);
        });
    }

    /* ---- what is shown once: nobody leaves before it is copied, downloaded or noted ---- */

    function keep(area) {
        const box = $(".kept input", area), done = $(".kept button", area);
        const tell = () => { done.disabled = !box.checked; };
        const kept = () => {
            box.checked = true;
            tell();
        };
        box.addEventListener("change", tell);
        area.addEventListener("kept", kept);
        $("[data-keeps]", area).addEventListener("submit", kept);
        addEventListener("beforeunload", (event) => { if (!box.checked) event.preventDefault(); });
        tell();
    }

    /* ---- addresses as chips ---- */

    function chips(form) {
        const area = $("textarea", form), outcome = $(".outcome", form), actions = $(".actions", form);
        const template = $("#chips-next");
        const field = area.closest(".field"), nodes = new Map();
        const box = make("div", "chips"), input = make("input"), rest = $("[name='pasted']", form);
        input.type = "text";
        input.id = "chip-input";
        input.autocomplete = "off";
        input.spellcheck = false;
        input.setAttribute("autocapitalize", "off");
        input.setAttribute("inputmode", "email");
        input.setAttribute("aria-describedby", area.getAttribute("aria-describedby"));
        input.placeholder = area.placeholder.split("\n")[0];
        $("label", field).htmlFor = input.id;
        box.append(input);
        area.hidden = true;
        area.required = false;
        area.before(box);
        box.addEventListener("click", (event) => { if (event.target === box) input.focus(); });
        let asked = 0, timer = 0;

        /* The server reads what is typed and pasted; here stands what it made of it. `shown`: its results, a chip each;
           `lines`: those that are settled, as lines that it reads again; `text`: what it has not read yet, or asks about. */
        let shown = [], lines = [], text = "";

        const next = template.content.firstElementChild.cloneNode(true);
        actions.replaceChildren(next);

        function sync() {
            const more = [text, input.value].filter((part) => part.trim());
            area.value = lines.join("\n");
            rest.value = more.join("\n");
            rest.disabled = !more.length;
            input.placeholder = lines.length || text ? "" : area.placeholder.split("\n")[0];
            next.disabled = !lines.length && !more.length;
        }

        const kind = (result) => result.kind;
        const named = (result) => [result.given_name, result.family_name].filter(Boolean).join(" ");
        const lineOf = (result) => result.line;
        const chosen = () => $$(".columns select", outcome).map((select) => select.value);

        /* A chip stays the same node for as long as its entry stands, so that focus and clicks are not lost. */
        function chip(entry) {
            const node = make("span", "chip"), remove = make("button");
            remove.type = "button";
            remove.append(icon("close"));
            remove.addEventListener("click", () => drop(entry, true));
            node.append(icon("clock"), make("span"), remove);
            return node;
        }

        function tell(result, node) {
            const name = named(result), state = kind(result);
            node.className = "chip " + state;
            node.title = [name, result.label, result.detail].filter(Boolean).join(". ");
            $(".i", node).className = "i i-" + { good: "check", warn: "warn", bad: "bad", wait: "clock" }[state];
            $("span", node).textContent = result.shown;
            $("button", node).setAttribute("aria-label", fill(texts.remove, { address: result.shown }));
        }

        /* What the server has not read stands for itself, on one chip. */
        function entries() {
            const waits = text.trim() && !shown.some((result) => result.fresh);
            return waits ? shown.concat({ shown: text.trim().slice(0, 60), kind: "wait" }) : shown;
        }

        function draw() {
            const gone = new Set(nodes.keys()), now = entries();
            for (const result of now) {
                gone.delete(result.shown);
                if (!nodes.has(result.shown)) {
                    nodes.set(result.shown, chip(result.shown));
                    input.before(nodes.get(result.shown));
                }
                tell(result, nodes.get(result.shown));
            }
            for (const entry of gone) {
                nodes.get(entry).remove();
                nodes.delete(entry);
            }
            if (now.some((result, at) => box.children[at] !== nodes.get(result.shown)))
                input.before(...now.map((result) => nodes.get(result.shown)));
            sync();
        }

        /* What was guessed stands. */
        function settle() {
            if (!shown.some((result) => result.fresh)) return;
            lines = shown.map(lineOf).filter(Boolean);
            shown.forEach((result) => { result.fresh = false; });
            text = "";
            $(".columns", outcome)?.remove();
        }

        function drop(entry, focus) {
            settle();
            const at = entries().findIndex((result) => result.shown === entry);
            if (at < 0) return;
            if (at < shown.length) shown.splice(at, 1);
            else text = "";
            lines = shown.map(lineOf).filter(Boolean);
            draw();
            announce(fill(texts.removed, { address: entry }));
            if (focus) (($$(".chip button", box)[at]) || input).focus();
            later();
        }

        function add(more) {
            if (!more.trim()) return;
            settle();
            text = text ? text + "\n" + more : more;
            draw();
            later();
            box.scrollTop = box.scrollHeight;
        }

        function later() {
            clearTimeout(timer);
            timer = setTimeout(check, 120);
        }

        /* What concerns people without an account alone. */
        const forNew = $("[data-for-new]", form);
        const askForNew = (results) => {
            if (forNew) forNew.hidden = !results.some((result) => result.outcome === "new-person");
        };
        askForNew([]);

        /* Which column of a sheet is which, where the server guessed. */
        function askColumns(answer) {
            const fields = make("fieldset", "columns");
            fields.append(make("legend", "", answer.columns_title), make("p", "help", answer.columns_help));
            answer.columns.forEach((column, at) => {
                const field = make("div", "field"), label = make("label", "", column.label), select = make("select");
                select.id = label.htmlFor = "column-" + at;
                select.name = "columns";
                answer.roles.forEach((role) => {
                    const option = make("option", "", role.text);
                    option.value = role.value;
                    option.selected = role.value === column.role;
                    select.append(option);
                });
                select.addEventListener("change", later);
                field.append(label, select);
                fields.append(field);
            });
            return fields;
        }

        function paint(answer) {
            const focused = document.activeElement?.name === "columns" ? document.activeElement.id : "";
            outcome.replaceChildren();
            askForNew(answer.results);
            const all = answer.results;
            const rows = all.length > 12 ? all.filter((result) => kind(result) !== "good" || result.detail) : all;
            if (answer.columns) outcome.append(askColumns(answer));
            if (answer.summary && all.length > 1) outcome.append(make("p", "soft", answer.summary));
            if (rows.length) {
                const ul = make("ul", "results");
                rows.forEach((result) => {
                    const li = make("li", kind(result)), words = make("div");
                    const what = make("p", "what"), why = make("p", "soft");
                    what.append(make("span", "address", result.shown || result.email || ""));
                    if (named(result)) what.append(" ", make("span", "soft", named(result)));
                    if (result.label) why.append(make("span", "tag", result.label));
                    if (result.detail) why.append(" " + result.detail);
                    if (result.action_url && result.action_url.startsWith("/") && !result.action_url.startsWith("//")) {
                        const link = make("a", "", result.action_text || result.action_url);
                        link.href = result.action_url;
                        why.append(" ", link);
                    }
                    words.append(what, why);
                    li.append(icon({ good: "ok", warn: "warn", bad: "bad" }[kind(result)]), words);
                    ul.append(li);
                });
                outcome.append(ul);
            }
            if (answer.seats?.text) {
                const seats = make("p", "seats" + (answer.seats.is_short ? " short" : ""));
                seats.append(icon(answer.seats.is_short ? "warn" : "users"), answer.seats.text);
                outcome.append(seats);
            }
            if (focused) $("#" + focused)?.focus();
        }

        async function check() {
            const mine = ++asked;
            if (!lines.length && !text.trim()) {
                outcome.replaceChildren();
                askForNew([]);
                return;
            }
            const body = new URLSearchParams({ addresses: lines.join("\n") });
            if (text.trim()) {
                body.set("pasted", text);
                chosen().forEach((role) => body.append("columns", role));
            }
            try {
                const headers = { Accept: "application/json" };
                const answer = await fetch(form.dataset.chips, { method: "POST", headers, body });
                const said = await answer.json();
                if (mine !== asked) return;
                if (!answer.ok) {
                    warn(said.detail || texts.failed);
                    return;
                }
                shown = said.results;
                shown.forEach((result) => { result.fresh = !!said.columns; });
                if (!said.columns) {
                    lines = shown.map(lineOf).filter(Boolean);
                    text = "";
                }
                draw();
                paint(said);
            } catch {
                if (mine === asked) warn(texts.failed);
            }
        }

        /* The way on stays open: the next step checks everything again. */
        function warn(text) {
            const notice = make("div", "notice warn");
            notice.append(icon("warn"), make("p", "", text));
            outcome.replaceChildren(notice);
        }

        input.addEventListener("keydown", (event) => {
            const done = ["Enter", ";", ","].includes(event.key) || (event.key === "Tab" && !event.shiftKey);
            const backwards = event.key === "Backspace" || event.key === "ArrowLeft";
            if (done && input.value.trim()) {
                if (event.isComposing || (event.key === "," && !input.value.includes("@"))) return;
                event.preventDefault();
                const whole = input.value;
                input.value = "";
                add(whole);
            } else if (event.key === "Enter") {
                event.preventDefault();
                if (entries().length) next.focus();
            } else if (backwards && !input.selectionStart && !input.selectionEnd && entries().length) {
                event.preventDefault();
                event.stopPropagation();
                $$(".chip button", box).at(-1).focus();
            }
        });
        input.addEventListener("input", sync);
        input.addEventListener("blur", () => {
            if (!input.value.includes("@")) return;
            const whole = input.value;
            input.value = "";
            add(whole);
        });
        input.addEventListener("paste", (event) => {
            const whole = input.value + event.clipboardData.getData("text");
            if (!/[\r\n\t,;@\uff20\ufe6b]/.test(whole)) return;
            event.preventDefault();
            input.value = "";
            add(whole);
        });
        box.addEventListener("keydown", (event) => {
            const buttons = $$(".chip button", box), at = buttons.indexOf(document.activeElement);
            if (at < 0) return;
            const after = buttons[at + 1] || input;
            const to = { ArrowLeft: buttons[at - 1], ArrowRight: after, Home: buttons[0], End: input }[event.key];
            if (to) {
                event.preventDefault();
                to.focus();
            } else if (event.key === "Backspace" || event.key === "Delete") {
                event.preventDefault();
                drop(entries()[at].shown, true);
            }
        });
        form.addEventListener("submit", sync);
        if (area.value.trim() || rest.value.trim()) {
            const whole = [area.value, rest.value].filter((part) => part.trim()).join("\n");
            $(".columns", outcome)?.remove();
            add(whole);
        } else {
            sync();
            input.focus();
        }
    }

    /* ---- everything, once for the page and once for each dialog ---- */

    function enhance(root) {
        $$("[data-password]", root).forEach(password);
        $$("[data-zone]", root).forEach(zone);
        $$("[data-here]", root).forEach((input) => { input.value = here; });
        $$("[data-list]", root).forEach(list);
        $$("[data-auto]", root).forEach(filters);
        $$("[data-copy]", root).forEach(copy);
        $$("[data-kept]", root).forEach(keep);
        $$("[data-print]", root).forEach((button) => {
            button.hidden = false;
            button.addEventListener("click", () => window.print());
        });
        $$("[data-confirm]", root).forEach(confirmFirst);
        $$("[data-chips]", root).forEach(chips);
        $$("form[data-once]", root).forEach((form) => form.addEventListener("submit", () => {
            setTimeout(() => $$("button", form).forEach((button) => { button.disabled = true; }), 0);
            announce(texts.sending);
        }));
    }

    document.addEventListener("click", (event) => {
        const link = event.target.closest("a[data-open]");
        const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
        if (link && plain && !event.defaultPrevented) {
            event.preventDefault();
            open(link);
        }
        $$("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target) || link) menu.open = false; });
    });
    document.addEventListener("keydown", (event) => {
        const menu = event.target.closest?.("details.menu[open]");
        if (!menu) return;
        const items = $$(".menu-list a, .menu-list button", menu), at = items.indexOf(document.activeElement);
        if (event.key === "Escape") {
            menu.open = false;
            $("summary", menu).focus();
        } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            event.preventDefault();
            const by = event.key === "ArrowDown" ? 1 : at < 0 ? 0 : -1;
            items[(at + by + items.length) % items.length]?.focus();
        }
    });
    enhance(document);
})();
