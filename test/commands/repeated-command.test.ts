import { expect, test } from "vitest";
import { repeatedCommand } from "../../src/commands/repeated-command.ts";
import { clientCommand } from "../../src/run/gateway/index.ts";

const repeated = (...words: readonly string[]): string => repeatedCommand(clientCommand(words));

test.each([
  "docker run --rm app",
  "docker --context far run --rm app",
  "sudo docker -H tcp://h:2375 run --rm app",
  "podman --root /r run --rm app",
  "docker run -d -p 127.0.0.1:8080:80 --network none --read-only --cap-drop=ALL nginx:1.27",
  "docker run -it --rm -v /data:/data:ro -e HOME -u 1000:1000 app",
  "sudo -E timeout 60 docker container run --rm app",
  "podman run --userns keep-id --rm app",
  "docker compose -f compose.prod.yaml --profile web up -d --scale web=2 web worker",
  "docker run --rm --name web -w /srv --stop-signal=SIGINT app /srv/run.sh serve --verbose",
  "docker run --rm app python3 /app/main.py",
  "npm test",
  "sh t.sh --coverage",
])("a command without secrets can be pasted as it is: %s", (text) => expect(repeated(...text.split(" "))).toBe(text));

test.each([
  [["-e", "TOKEN=hunter2"], "-e TOKEN=…"],
  [["-eTOKEN=hunter2"], "-eTOKEN=…"],
  [["--env=TOKEN=hunter2"], "--env=TOKEN=…"],
  [["--env", "hunter2 and more"], "--env …"],
  [["--label=hunter2"], "--label=…"],
  [["-itl", "hunter2"], "-itl …"],
  [["-h", "hunter2"], "-h …"],
  [["--mount", "type=volume,volume-opt=o=password=hunter2,dst=/x"], "--mount …"],
  [["--log-opt", "token=hunter2"], "--log-opt …"],
  [["--an-option-of-tomorrow", "hunter2"], "--an-option-of-tomorrow …"],
])("what may be secret is left out: %s", (options, shown) => {
  expect(repeated("docker", "run", "--rm", ...options, "app", "serve", "--password", "hunter2")).toBe(
    `docker run --rm ${shown} app serve --password …`,
  );
});

test.each([
  [["env", "TOKEN=hunter2", "docker", "run", "app"], "env TOKEN=… docker run app"],
  [["docker", "compose", "run", "-e", "TOKEN=hunter2", "web", "hunter2"], "docker compose run …"],
  [["make", "TOKEN=hunter2", "test"], "make … test"],
  [["curl", "--user", "hunter", "-phunter", "x"], "curl --user … … …"],
  [["docker", "run", "app", "-phunter2", "redis://u:hunter2@h", "hunter2", "--token=hunter2"], "docker run app …"],
  [["docker", "run", "app", "sh", "-c", "echo hunter2"], "docker run app sh -c …"],
  [["docker", "run", "-v", "/a b:/c", "app"], "docker run -v '/a b:/c' app"],
])("of other commands too: %s", (words, shown) => expect(repeated(...words)).toBe(shown));
