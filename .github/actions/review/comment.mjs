// Posts the review as a comment of the pull request, or replaces its earlier comment. Usage: node comment.mjs FILE
// If seccomp-gen-nothing exists beside FILE, the review has nothing to say. Then only an existing comment is updated.
// Environment: GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_EVENT_PATH, GITHUB_API_URL (GitHub sets them).
// A token that may not write (pull requests of forks) is no failure: the review is in the job's summary.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const {
  GITHUB_TOKEN: token,
  GITHUB_REPOSITORY: repository,
  GITHUB_EVENT_PATH: eventPath,
  GITHUB_API_URL: api = "https://api.github.com",
} = process.env;
const number = JSON.parse(readFileSync(eventPath, "utf8")).pull_request?.number;
if (!Number.isInteger(number)) throw new Error("this is no event of a pull request");

const marker = "<!-- seccomp-gen review -->";
const body = `${marker}\n${readFileSync(process.argv[2], "utf8")}`;

async function request(method, path, data) {
  const response = await fetch(`${api}/repos/${repository}/${path}`, {
    method,
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "user-agent": "seccomp-gen",
    },
    ...(data === undefined ? {} : { body: JSON.stringify(data) }),
  });
  if (!response.ok)
    throw Object.assign(new Error(`${method} ${path}: ${response.status} ${(await response.text()).slice(0, 300)}`), {
      status: response.status,
    });
  return response.json();
}

/** Ours begins with the marker, and a bot wrote it. A person may quote it. */
async function ownComment() {
  for (let page = 1; page <= 50; page += 1) {
    const comments = await request("GET", `issues/${number}/comments?per_page=100&page=${page}`);
    const own = comments.find((comment) => comment.user?.type === "Bot" && comment.body?.startsWith(marker));
    if (own !== undefined || comments.length < 100) return own;
  }
  return undefined;
}

try {
  const own = await ownComment();
  const hasNothing = existsSync(join(dirname(process.argv[2]), "seccomp-gen-nothing"));
  if (own === undefined && hasNothing) console.log("No profile was changed: no comment.");
  else if (own === undefined) await request("POST", `issues/${number}/comments`, { body });
  else if (own.body !== body) await request("PATCH", `issues/comments/${own.id}`, { body });
} catch (error) {
  if (error.status !== 403 && error.status !== 404) throw error;
  console.log(`::notice::The review is in the job's summary: this token may not comment (${error.status}).`);
}
