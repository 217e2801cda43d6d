import { expect, test } from "vitest";
import { childEnvironment, hiddenNames, isSecretName } from "./child-environment.ts";

const identity = { url: "http://127.0.0.1:4141/", key: "aios_sk_a_b", pid: "p1" };

test("whatever opens an account upstream stays out of a child's environment", () => {
  const names = [
    "OPENROUTER_API_KEY",
    "DEEPSEEK_API_KEY",
    "GITHUB_TOKEN",
    "HF_TOKEN",
    "SLACK_CLIENT_SECRET",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "AZURE_CLIENT_ID",
    "AZURE_OPENAI_API_KEY",
    "openai_api_key",
    "NPM_TOKEN",
    "MY_BEARER_TOKEN",
    "API_KEY",
    "OPENAI_API_KEY_2",
    "GH_PAT",
    "DB_PASSWORD",
    "PGPASSWORD",
    "MYSQL_PWD",
    "OPENAI_KEY",
    "GITHUB_TOKEN_2",
    "SENTRY_DSN",
    "SLACK_WEBHOOK_URL",
    "AzureWebJobs_CONNECTION_STRING",
    "NPM_CONFIG__AUTH",
    "SESSION_COOKIE",
  ];
  for (const name of names) expect(isSecretName(name), name).toBe(true);
  const child = childEnvironment(Object.fromEntries(names.map((name) => [name, "upstream-secret"])), identity);
  expect(Object.values(child)).not.toContain("upstream-secret");
});

test("what is no secret passes, though its name resembles one", () => {
  const own = {
    PATH: "/bin",
    HOME: "/root",
    LANG: "zh_CN.UTF-8",
    KEYBOARD: "de",
    TOKENIZERS_PARALLELISM: "false",
    MONKEY: "1",
    MAX_TOKENS: "100",
    AWS_REGION: "eu-central-1",
    AWS_CA_BUNDLE: "/etc/ssl/certs/ca.pem",
    PATIENCE: "3",
    PWD: "/work",
    OLDPWD: "/",
    DESKTOP_SESSION: "plasma",
    GIT_AUTHOR_NAME: "me",
    DATABASE_URL: "postgres://localhost/db",
    HTTPS_PROXY: "http://me:word@proxy:3128",
    SSH_AUTH_SOCK: "/tmp/agent",
  };
  expect(childEnvironment(own, identity)).toMatchObject(own);
});

test("an address with a password in it stays out, whatever it is called", () => {
  const own = {
    DATABASE_URL: "postgres://me:word@db/x",
    QUEUE: "amqps://:word@queue",
    HOME_PAGE: "https://me@host/a:b@c",
  };
  expect(hiddenNames(own, [])).toEqual(["DATABASE_URL", "QUEUE"]);
  expect(childEnvironment(own, identity, ["QUEUE"])).toMatchObject({ QUEUE: own.QUEUE, HOME_PAGE: own.HOME_PAGE });
});

test("the official clients of OpenAI and Anthropic find the kernel and the process key, whatever the user had set", () => {
  const child = childEnvironment(
    {
      OPENAI_API_KEY: "sk-real",
      OPENAI_BASE_URL: "https://elsewhere/v1",
      OPENAI_ORGANIZATION: "org",
      ANTHROPIC_API_KEY: "sk-ant",
      AIOS_HOME: "/root/home",
      AIOS_KEY: "aios_sk_root",
    },
    identity,
    ["OPENAI_API_KEY"],
  );
  expect(child).toEqual({
    AIOS_HOME: "/root/home",
    AIOS_URL: "http://127.0.0.1:4141",
    AIOS_KEY: "aios_sk_a_b",
    AIOS_PID: "p1",
    OPENAI_BASE_URL: "http://127.0.0.1:4141/v1",
    OPENAI_API_BASE: "http://127.0.0.1:4141/v1",
    OPENAI_API_KEY: "aios_sk_a_b",
    ANTHROPIC_BASE_URL: "http://127.0.0.1:4141",
    ANTHROPIC_AUTH_TOKEN: "aios_sk_a_b",
    ANTHROPIC_API_KEY: "aios_sk_a_b",
  });
});

test("--env lets exactly the named one through", () => {
  const child = childEnvironment({ GITHUB_TOKEN: "gh", NPM_TOKEN: "npm" }, identity, ["GITHUB_TOKEN"]);
  expect(child["GITHUB_TOKEN"]).toBe("gh");
  expect(child).not.toHaveProperty("NPM_TOKEN");
  expect(hiddenNames({ GITHUB_TOKEN: "gh", NPM_TOKEN: "npm", PATH: "/bin", AIOS_KEY: "k" }, ["GITHUB_TOKEN"])).toEqual([
    "NPM_TOKEN",
  ]);
});
