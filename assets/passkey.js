/* Passkeys (Web Authentication): the browser makes and shows them, the API checks them. Only pages that have a use for them load this. */
(() => {
    "use strict";
    const $ = (selector, root) => root.querySelector(selector);
    const $$ = (selector, root) => [...root.querySelectorAll(selector)];

    const decode = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    const encode = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
        .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
    const known = (list) => list.map((one) => ({ ...one, id: decode(one.id) }));

    async function ask(path, body) {
        const sent = body ? { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) } : {};
        const answer = await fetch("/api/v1" + path, { method: "POST", ...sent });
        const said = await answer.json();
        if (!answer.ok) throw Object.assign(new Error("refused"), { said });
        return said;
    }

    async function makePasskey(path, body) {
        const asked = await ask(path, body);
        const user = { ...asked.user, id: decode(asked.user.id) };
        const publicKey = { ...asked, user, challenge: decode(asked.challenge), excludeCredentials: known(asked.excludeCredentials) };
        const made = await navigator.credentials.create({ publicKey });
        return {
            id: made.id,
            clientExtensionResults: { credProps: { rk: made.getClientExtensionResults().credProps?.rk === true } },
            response: {
                clientDataJSON: encode(made.response.clientDataJSON),
                attestationObject: encode(made.response.attestationObject),
                transports: made.response.getTransports?.() || [],
            },
        };
    }

    async function showPasskey(path, how) {
        const asked = await ask(path);
        const publicKey = { ...asked, challenge: decode(asked.challenge), allowCredentials: known(asked.allowCredentials) };
        const shown = await navigator.credentials.get({ publicKey, ...how });
        return {
            id: shown.id,
            response: {
                clientDataJSON: encode(shown.response.clientDataJSON),
                authenticatorData: encode(shown.response.authenticatorData),
                signature: encode(shown.response.signature),
                userHandle: shown.response.userHandle ? encode(shown.response.userHandle) : null,
            },
        };
    }

    /* What each place does with its passkey, and what the API is told beside it. */
    const passkeyWork = {
        async sign_in(box, how) {
            await ask("/sessions/passkey", { credential: await showPasskey("/sessions/passkey/options", how) });
        },
        async factor() {
            await ask("/sessions/current/passkey", { credential: await showPasskey("/sessions/current/passkey/options") });
        },
        async add(form) {
            const password = form.elements.current_password?.value;
            const credential = await makePasskey("/me/passkeys/options");
            await ask("/me/passkeys", { name: form.elements.name.value, credential, ...(password && { current_password: password }) });
        },
        async enrol(box) {
            const form = box.closest("form"), value = (name) => form.elements[name]?.value;
            const way = box.dataset.token ? { token: box.dataset.token } : { email: value("email"), code: value("code") };
            const person = { ...way, given_name: value("given_name"), family_name: value("family_name") };
            const passkey = await makePasskey("/invitations/passkey/options", person);
            return ask("/invitations/accept", { ...person, passkey, locale: document.documentElement.lang });
        },
    };

    /* The address is told by mail how to go on: that is said in the form's place. */
    function goOnByMail() {
        const said = $("template[data-mailed]", document);
        said.closest("main").replaceChildren(said.content);
        document.title = $("h1", document).textContent;
        scrollTo(0, 0);
    }

    function passkey(box) {
        if (!window.PublicKeyCredential || !window.isSecureContext) return;
        const button = $("button:not(.show)", box), trouble = $(".notice", box), work = passkeyWork[box.dataset.passkey];
        let waiting = null;
        box.hidden = button.hidden = false;
        $$("[data-passkey-none]", box).forEach((node) => node.remove());

        function tell(error) {
            const said = error.said?.errors?.[0]?.detail || error.said?.detail;
            const ours = error.name === "InvalidStateError" ? trouble.dataset.known : trouble.dataset.failed;
            $("p", trouble).textContent = said || ours;
            trouble.hidden = false;
        }

        async function go(event) {
            event.preventDefault();
            const form = box.closest("form"), names = form ? $$("#given_name, #family_name", form) : [];
            if (names.some((field) => !field.reportValidity())) return;
            waiting?.abort();
            button.disabled = true;
            trouble.hidden = true;
            try {
                const done = await work(box);
                if (done?.next === "mail") return goOnByMail();
                location.assign(box.dataset.next || "/");
            } catch (error) {
                tell(error);
                button.disabled = false;
            }
        }

        /* Offered among what the browser fills in; asked for anew before its challenge grows old. */
        async function offer() {
            waiting?.abort();
            waiting = new AbortController();
            const again = setTimeout(offer, 240000), mine = waiting;
            try {
                await work(box, { mediation: "conditional", signal: mine.signal });
                location.assign(box.dataset.next || "/");
            } catch (error) {
                if (mine.signal.aborted) clearTimeout(again);
                else if (error.said) tell(error);
            }
        }

        if (box.matches("form")) box.addEventListener("submit", go);
        else button.addEventListener("click", go);
        if (box.dataset.passkey === "sign_in")
            PublicKeyCredential.isConditionalMediationAvailable?.().then((can) => { if (can) offer(); });
    }

    $$("[data-passkey]", document).forEach(passkey);
})();
