// Better Auth as its documentation sets it up: the organization plugin, better-sqlite3, Node's own HTTP server.
// Equal to Parvis where it counts: write-ahead log, synchronous FULL (every commit is on the disk before its answer), no
// rate limits. It sends no mail and queues none.
//
//   node server.mjs seed DATABASE          makes the tables, an owner and a full organization; prints {"organization"}
//   node server.mjs serve DATABASE PORT [WORKERS]
import cluster from "node:cluster";
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { organization } from "better-auth/plugins";
import Database from "better-sqlite3";

const [command, file, port = "0", workers = "0"] = process.argv.slice(2);

function options() {
    const database = new Database(file);
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = FULL");
    return {
        database,
        baseURL: `http://127.0.0.1:${port}`,
        secret: process.env.PEER_SECRET,
        emailAndPassword: { enabled: true },
        rateLimit: { enabled: false },
        telemetry: { enabled: false },
        logger: { level: "error" },
        plugins: [organization({ membershipLimit: 1e9, invitationLimit: 1e9 })],
    };
}

async function person(auth, email, name) {
    const body = { email, name, password: process.env.PEER_PASSWORD };
    return (await auth.api.signUpEmail({ body })).user.id;
}

async function seed() {
    const settings = options();
    await (await getMigrations(settings)).runMigrations();
    const auth = betterAuth(settings);
    const owner = await person(auth, process.env.PEER_OWNER, "Olive Martin");
    const { id } = await auth.api.createOrganization({ body: { name: "Bench", slug: "bench", userId: owner } });
    for (let i = 1; i < Number(process.env.PEER_MEMBERS); i++) {
        const userId = await person(auth, `member.${i}@example.org`, `Member ${i}`);
        await auth.api.addMember({ body: { userId, organizationId: id, role: "member" } });
    }
    settings.database.close(); // the file alone holds everything: it can be copied
    console.log(JSON.stringify({ organization: id }));
}

if (command === "seed") {
    await seed();
    process.exit(0);
}
if (cluster.isPrimary && Number(workers) > 0) {
    for (let i = 0; i < Number(workers); i++) cluster.fork();
} else {
    createServer(toNodeHandler(betterAuth(options()))).listen(Number(port), "127.0.0.1");
}
