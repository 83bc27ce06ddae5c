import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { count } from "drizzle-orm";
import { users } from "../../schema/tables.ts";
import { type ProgramResult, runProgram } from "../../test/support/program.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../test/support/temp.ts";
import { openDatabase } from "../server/database.ts";
import { checkPassword, createMember, type Member } from "../server/members/accounts.ts";

const PASSWORD = "correct horse battery";

let folder: TemporaryDirectory;
let db: string;

beforeEach(() => {
  folder = temporaryDirectory();
  db = join(folder.path, "test.db");
});

afterEach(() => {
  folder.remove();
});

function user(args: readonly string[], stdin = ""): Promise<ProgramResult> {
  return runProgram(["user", ...args, "--db", db], { stdin });
}

/** Who logs in with these, by a connection of this process. */
async function login(email: string, password: string): Promise<Member | undefined> {
  const database = await openDatabase(db);
  try {
    return await checkPassword(database, email, password);
  } finally {
    database.close();
  }
}

async function memberCount(): Promise<number | undefined> {
  const database = await openDatabase(db);
  try {
    return (await database.orm.select({ n: count() }).from(users))[0]?.n;
  } finally {
    database.close();
  }
}

describe("user seed", () => {
  test("makes numbered members, adds what is missing, and sums up in one line", async () => {
    const first = await user(["seed", "--count", "30000"]);
    expect(first).toMatchObject({ exitCode: 0, stderr: "" });
    expect(first.stdout).toMatch(
      /^30,000 members are there, 30,000 of them new, in \d+\.\d s \([\d,]+\/s\)\n$/,
    );
    const second = await user(["seed", "--count", "30001", "--json"]);
    expect(JSON.parse(second.stdout)).toEqual({
      count: 30_001,
      added: 1,
      elapsedMs: expect.any(Number),
      perSecond: expect.any(Number),
    });
    expect(await memberCount()).toBe(30_001);
  });

  test("gives the new ones the password on stdin, and none without", async () => {
    await user(["seed", "--count", "1"]);
    await user(["seed", "--count", "2", "--password-stdin"], `${PASSWORD}\n`);
    expect(await login("member-0000001@example.test", PASSWORD)).toBeUndefined();
    expect(await login("member-0000002@example.test", PASSWORD)).toMatchObject({
      memberId: "member-0000002",
    });
  });

  test.each([
    ["an empty password", ["--count", "1", "--password-stdin"], "", "stdin holds no password"],
    ["a short password", ["--count", "1", "--password-stdin"], "short\n", "8 to 256 characters"],
    ["no count", [], "", "--count"],
    ["a count of 0", ["--count", "0"], "", "--count"],
  ])("refuses %s", async (_, args, stdin, complaint) => {
    const { exitCode, stdout, stderr } = await user(["seed", ...args], stdin);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(complaint);
  });
});

describe("user create", () => {
  test("makes an account that logs in with the password on stdin", async () => {
    const created = await user(
      ["create", "--email", "Kim@Example.test", "--name", "Kim", "--id", "kim", "--json"],
      `${PASSWORD}\r\nnot this line`,
    );
    expect(created).toMatchObject({ exitCode: 0, stderr: "" });
    expect(JSON.parse(created.stdout)).toEqual({ memberId: "kim", role: "member" });
    expect(await login("kim@example.test", PASSWORD)).toEqual({
      memberId: "kim",
      email: "kim@example.test",
      name: "Kim",
      role: "member",
      active: true,
    });
  });

  test("makes an administrator, with an id of its own, and says so", async () => {
    const { stdout } = await user(["create", "--email", "a@example.test", "--admin"], PASSWORD);
    const member = await login("a@example.test", PASSWORD);
    expect(member?.role).toBe("admin");
    expect(stdout).toBe(`Account made: ${member?.memberId} (admin)\n`);
  });

  test("refuses an e-mail that is taken in one line that does not repeat it", async () => {
    await user(["create", "--email", "kim@example.test"], PASSWORD);
    const again = await user(["create", "--email", "kim@example.test"], PASSWORD);
    expect(again).toMatchObject({
      exitCode: 2,
      stdout: "",
      stderr: "couponlive: another member has this e-mail\n",
    });
  });
});

describe("user create refuses", () => {
  test.each([
    ["an account without e-mail and id", ["--name", "Kim"], "--email"],
    ["one that could never log in with its password", ["--id", "kim"], "--no-password"],
    ["a bad e-mail before it asks for a password", ["--email", "kim"], "name@example.com"],
  ])("%s", async (_, args, complaint) => {
    const { exitCode, stderr } = await user(["create", ...args]);
    expect(exitCode).toBe(2);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain(complaint);
  });
});

describe("accounts of others", () => {
  test("are found, listed, switched off and on, given roles and passwords, by id or e-mail", async () => {
    const outside = await user(["create", "--id", "auth0|1", "--no-password"]);
    expect(outside.stdout).toBe("Account made: auth0|1 (member)\n");
    const database = await openDatabase(db);
    const kim = { id: "kim", email: "kim@example.test", password: PASSWORD };
    await createMember(database, kim, "program");
    database.close();

    const off = await user(["deactivate", "Kim@example.test"]);
    expect(off.stdout).toStartWith("kim: inactive");
    expect(await login("kim@example.test", PASSWORD)).toBeUndefined();
    const inactive = await user(["list", "--inactive", "--json"]);
    expect(JSON.parse(inactive.stdout)).toEqual({
      users: [
        {
          memberId: "kim",
          email: "kim@example.test",
          name: null,
          role: "member",
          active: false,
          hasPassword: true,
          createdAt: expect.stringMatching(/^20.*Z$/),
        },
      ],
      nextAfterId: null,
    });
    await user(["activate", "kim"]);
    expect((await user(["role", "kim", "admin"])).exitCode).toBe(0);
    const reset = await user(["reset-password", "kim", "--json"], "another horse");
    expect(JSON.parse(reset.stdout)).toMatchObject({ memberId: "kim", role: "admin" });
    expect(await login("kim@example.test", "another horse")).toMatchObject({ role: "admin" });

    expect((await user(["show", "auth0|1"])).stdout).toContain("not here");
    expect((await user(["list", "--email", "KIM"])).stdout).toContain("kim@example.test");
    const page = await user(["list", "--limit", "1"]);
    expect(page.stdout).toEndWith("More: --after auth0|1\n");
    expect((await user(["list", "--after", "kim"])).stdout).toBe("No accounts.\n");
  });

  test.each([
    [["show", "nobody"], "user list"],
    [["deactivate", "nobody@example.test"], "--no-password"],
    [["reset-password", "nobody"], "no account"],
    [["role", "nobody", "owner"], "Allowed choices are member, admin"],
    [["list", "--limit", "1001"], "1 to 1000"],
  ])("%p is refused in one line", async (args, complaint) => {
    (await openDatabase(db)).close();
    const { exitCode, stdout, stderr } = await user(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain(complaint);
  });
});

describe("user import", () => {
  test("imports a file, and stdin, and says how many and how fast", async () => {
    const file = join(folder.path, "members.csv");
    await Bun.write(file, `email,password\nkim@example.test,${PASSWORD}\nlee@example.test,\n`);
    const imported = await user(["import", file]);
    expect(imported.stdout).toMatch(
      /^2 members imported in \d+\.\d s \([\d,]+\/s\), with 1 password hashed; the database was locked for \d+\.\d s of it\n$/,
    );
    expect(imported.stderr).toContain("line 2 brings a plain password");
    expect(await login("kim@example.test", PASSWORD)).toBeDefined();
    const piped = await user(["import", "-", "--json"], "email\npark@example.test\n");
    expect(JSON.parse(piped.stdout)).toMatchObject({ imported: 1, hashed: 0, count: 1 });
    expect(await memberCount()).toBe(3);
  });

  test("names bad lines and imports nothing", async () => {
    const csv = "email,role\nkim@example.test,\nlee,\npark@example.test,owner\n";
    const refused = await user(["import", "-"], csv);
    expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
    expect(refused.stderr.trim().split("\n")).toEqual([
      "line 3: the e-mail must look like name@example.com",
      "line 4: the role must be member or admin",
      "couponlive: nothing was imported: 2 lines are wrong",
    ]);
    const asJson = await user(["import", "-", "--json"], csv);
    expect(JSON.parse(asJson.stdout)).toMatchObject({ imported: 0, badLineCount: 2 });
    expect(await memberCount()).toBe(0);
    const missing = await user(["import", join(folder.path, "none.csv")]);
    expect(missing.exitCode).toBe(2);
    expect(missing.stderr).toContain("ENOENT");
    expect((await user(["import", folder.path])).stderr).toContain("is a folder");
  });
});

describe("user create at a terminal", () => {
  /** Types each line when its prompt has appeared, as a person does. */
  async function typeAtTerminal(
    dialogue: readonly (readonly [prompt: string, typed: string])[],
  ): Promise<{ exitCode: number; screen: string }> {
    let screen = "";
    const pending = [...dialogue];
    const decoder = new TextDecoder();
    const child = Bun.spawn(
      [process.execPath, "--no-env-file", join(import.meta.dir, "..", "main.ts")].concat([
        "user",
        "create",
        "--email",
        "kim@example.test",
        "--id",
        "kim",
        "--db",
        db,
      ]),
      {
        terminal: {
          data(terminal, data) {
            screen += decoder.decode(data, { stream: true });
            const [next] = pending;
            if (next === undefined || !screen.includes(next[0])) return;
            pending.shift();
            terminal.write(next[1]);
          },
        },
      },
    );
    const exitCode = await child.exited;
    child.terminal?.close();
    return { exitCode, screen };
  }

  test("asks for the password twice and shows nothing of it", async () => {
    const { exitCode, screen } = await typeAtTerminal([
      ["Password: ", `${PASSWORD}x\u007f\r`],
      ["The same again: ", `${PASSWORD}\r`],
    ]);
    expect(exitCode).toBe(0);
    expect(screen).toContain("Account made: kim (member)");
    expect(screen).not.toContain("correct");
    expect(await login("kim@example.test", PASSWORD)).toBeDefined();
  });

  test("makes nothing when the two differ", async () => {
    const { exitCode, screen } = await typeAtTerminal([
      ["Password: ", `${PASSWORD}\r`],
      ["The same again: ", "something else\r"],
    ]);
    expect(exitCode).toBe(2);
    expect(screen).toContain("the two passwords differ");
    expect(await memberCount()).toBe(0);
  });

  test.each([
    ["Ctrl-C", "\u0003"],
    ["Ctrl-D", "\u0004"],
  ])("makes nothing after %s", async (_, key) => {
    const { exitCode, screen } = await typeAtTerminal([["Password: ", key]]);
    expect(exitCode).toBe(2);
    expect(screen).toContain("no password was given");
    expect(await memberCount()).toBe(0);
  });
});
