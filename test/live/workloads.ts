/** A real program in a container, and how a user would exercise it. */
export interface Workload {
  readonly name: string;
  /** Its Dockerfile, under workloads/. */
  readonly folder: string;
  /** Options and command of `docker run`, without `docker run`. */
  readonly run: readonly string[];
  /** Shell command for --while. `undefined` if the workload ends by itself. */
  readonly exercise?: string;
  readonly exitCode: number;
  /** A call without which it cannot work. */
  readonly essential: string;
  /** True if every run makes the same calls. Then another recording gives the same bytes. */
  readonly deterministic: boolean;
}

/** A client from a test image, in the network of the recorded container. */
export const client = (image: string, command: string): string =>
  `docker run --rm --network container:$SECCOMP_GEN_CONTAINER --entrypoint sh seccomp-gen-test-${image} ` +
  `-ec '${command}'`;

export const workloads: readonly Workload[] = [
  {
    name: "nginx",
    folder: "nginx",
    run: ["--rm", "--network", "none", "seccomp-gen-test-nginx"],
    exercise: client(
      "nginx",
      'curl -sf -m 1 --retry 5 --retry-delay 1 --retry-connrefused http://127.0.0.1/ | grep "a ' +
        'page"; curl -s -m 5 -o /dev/null -w "%{http_code}" http://127.0.0.1/nothing | grep 404; curl ' +
        "-sfI -m 5 http://127.0.0.1/",
    ),
    exitCode: 0,
    essential: "accept4",
    deterministic: false,
  },
  {
    name: "redis",
    folder: "redis",
    run: ["--rm", "--network", "none", "seccomp-gen-test-redis"],
    exercise: client(
      "redis",
      "for n in $(seq 50); do timeout 2 redis-cli ping && break; sleep 0.2; done; redis-cli set key " +
        "value; redis-cli get key | grep value; redis-cli bgsave; for n in $(seq 50); do redis-cli info " +
        "persistence | grep rdb_bgsave_in_progress:0 && break; sleep 0.2; done; redis-cli info " +
        "persistence | grep rdb_last_bgsave_status:ok; redis-cli shutdown save || true",
    ),
    exitCode: 0,
    essential: "epoll_wait",
    deterministic: false,
  },
  {
    name: "python",
    folder: "python",
    run: ["--rm", "--network", "none", "--stop-timeout", "2", "seccomp-gen-test-python"],
    exercise: client(
      "python",
      'for n in $(seq 20); do timeout 5 python3 -c "import urllib.request as r; ' +
        'print(r.urlopen(\\"http://127.0.0.1:8000/\\").read())" 2>/dev/null | grep page && exit 0; ' +
        "sleep 0.2; done; exit 1",
    ),
    exitCode: 0,
    essential: "listen",
    deterministic: false,
  },
  {
    name: "bash",
    folder: "bash",
    run: ["--rm", "--network", "none", "seccomp-gen-test-bash"],
    exitCode: 3,
    essential: "pipe2",
    deterministic: false,
  },
  // The engine starts the program through an init process, which is under the profile but outside the trace.
  {
    name: "init",
    folder: "bash",
    run: ["--rm", "--init", "--network", "none", "seccomp-gen-test-bash"],
    exitCode: 3,
    essential: "rt_sigtimedwait",
    deterministic: false,
  },
  {
    name: "static",
    folder: "static",
    run: ["--rm", "--network", "none", "seccomp-gen-test-static"],
    exitCode: 0,
    essential: "uname",
    deterministic: true,
  },
  {
    name: "nonroot",
    folder: "nonroot",
    run: [
      "--rm",
      "--network",
      "none",
      "--read-only",
      "--cap-drop",
      "ALL",
      "--security-opt",
      "no-new-privileges",
      "seccomp-gen-test-nonroot",
    ],
    exitCode: 0,
    essential: "dup2",
    deterministic: true,
  },
];
