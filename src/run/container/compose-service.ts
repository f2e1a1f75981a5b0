import { SeccompGenError } from "../../core/errors/index.ts";
import { shellWord } from "../../core/text/index.ts";
import { durationMs } from "./duration.ts";

/**
 * A service as `docker compose config --format json` gives it: interpolated, with absolute paths,
 * in the long forms (compose-spec).
 */
export type ComposeService = Readonly<Record<string, unknown>>;

/** What `docker compose config --format json` prints. */
export interface ComposeModel {
  readonly name: string;
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks?: Readonly<Record<string, { readonly name?: string } | null>>;
  readonly volumes?: Readonly<Record<string, { readonly name?: string } | null>>;
  readonly secrets?: Readonly<Record<string, { readonly file?: string } | null>>;
  readonly configs?: Readonly<Record<string, { readonly file?: string } | null>>;
}

/** What `docker compose run` and `up` make of a service otherwise than its file says. */
export interface ServiceChanges {
  /** `run` starts it once, whatever its restart policy is. */
  readonly again: boolean;
  /** `run` publishes nothing by itself. */
  readonly ports: boolean;
  /** Others in the network find it by its name; `run` does so when asked only. */
  readonly aliases: boolean;
  /** Options of `run`, in `docker run`'s spelling, behind those of the file. */
  readonly options: readonly string[];
  /** Where the text of `environmentFile` is. */
  readonly environmentFile: string;
  /** The words behind the service; undefined: the file's. */
  readonly command: readonly string[] | undefined;
  /** An entrypoint of the command line: the file's words are dropped with its. */
  readonly entrypoint: boolean;
}

type Words = readonly string[];
type Row = (value: never, service: Place) => Words;

interface Place {
  readonly name: string;
  readonly model: ComposeModel;
}

const option = (flag: string) => (value: string | number) => [flag, String(value)];
const flag = (name: string) => (value: boolean) => (value ? [name] : []);
const each = (name: string) => (values: string | readonly (string | number)[]) =>
  [values].flat().flatMap((value) => [name, String(value)]);
const pairs = (name: string) => (values: Readonly<Record<string, string | number | null>>) =>
  Object.entries(values).flatMap(([key, value]) => [name, value === null ? key : `${key}=${value}`]);
const nothing = (): Words => [];

/**
 * How `docker run` says what a service's file does (docker run reference, compose-spec). What has
 * no row is refused: a container that lacks it would be another one.
 */
const rows: Readonly<Record<string, Row>> = {
  annotations: pairs("--annotation"),
  cap_add: each("--cap-add"),
  cap_drop: each("--cap-drop"),
  cgroup: option("--cgroupns"),
  cgroup_parent: option("--cgroup-parent"),
  configs: (files: readonly ComposeFile[], place) => mounted(files, place.model.configs, "", place),
  cpu_count: option("--cpu-count"),
  cpu_percent: option("--cpu-percent"),
  cpu_period: option("--cpu-period"),
  cpu_quota: option("--cpu-quota"),
  cpu_shares: option("--cpu-shares"),
  cpus: option("--cpus"),
  cpuset: option("--cpuset-cpus"),
  device_cgroup_rules: each("--device-cgroup-rule"),
  devices: (
    devices: readonly (string | { readonly source: string; readonly target?: string; readonly permissions?: string })[],
  ) =>
    devices.flatMap((device) => [
      "--device",
      typeof device === "string"
        ? device
        : [device.source, device.target ?? device.source, device.permissions ?? "rwm"].join(":"),
    ]),
  dns: each("--dns"),
  dns_opt: each("--dns-option"),
  dns_search: each("--dns-search"),
  domainname: option("--domainname"),
  extra_hosts: (hosts: readonly string[] | Readonly<Record<string, string | readonly string[]>>) =>
    (Array.isArray(hosts)
      ? (hosts as readonly string[]).map((host) => host.replace("=", ":"))
      : Object.entries(hosts).flatMap(([host, addresses]) => [addresses].flat().map((address) => `${host}:${address}`))
    ).flatMap((host) => ["--add-host", host]),
  group_add: each("--group-add"),
  healthcheck: health,
  hostname: option("--hostname"),
  init: flag("--init"),
  ipc: namespace("--ipc"),
  labels: pairs("--label"),
  logging: ({ driver, options }: { readonly driver?: string; readonly options?: Readonly<Record<string, string>> }) => [
    ...(driver === undefined ? [] : ["--log-driver", driver]),
    ...pairs("--log-opt")(options ?? {}),
  ],
  mac_address: option("--mac-address"),
  mem_limit: option("--memory"),
  mem_reservation: option("--memory-reservation"),
  mem_swappiness: option("--memory-swappiness"),
  memswap_limit: option("--memory-swap"),
  network_mode: namespace("--network"),
  oom_kill_disable: flag("--oom-kill-disable"),
  oom_score_adj: option("--oom-score-adj"),
  pid: namespace("--pid"),
  pids_limit: option("--pids-limit"),
  platform: option("--platform"),
  privileged: flag("--privileged"),
  read_only: flag("--read-only"),
  restart: option("--restart"),
  runtime: option("--runtime"),
  secrets: (files: readonly ComposeFile[], place) => mounted(files, place.model.secrets, "/run/secrets/", place),
  security_opt: each("--security-opt"),
  shm_size: option("--shm-size"),
  stdin_open: flag("--interactive"),
  stop_grace_period: (duration: string) => ["--stop-timeout", String(Math.ceil((durationMs(duration) ?? 0) / 1000))],
  stop_signal: option("--stop-signal"),
  storage_opt: pairs("--storage-opt"),
  sysctls: (values: readonly string[] | Readonly<Record<string, string | number>>) =>
    Array.isArray(values)
      ? each("--sysctl")(values as readonly string[])
      : pairs("--sysctl")(values as Readonly<Record<string, string>>),
  tmpfs: each("--tmpfs"),
  tty: flag("--tty"),
  ulimits: (limits: Readonly<Record<string, number | { readonly soft: number; readonly hard: number }>>) =>
    Object.entries(limits).flatMap(([name, limit]) => [
      "--ulimit",
      `${name}=${typeof limit === "number" ? limit : `${limit.soft}:${limit.hard}`}`,
    ]),
  user: option("--user"),
  userns_mode: option("--userns"),
  uts: option("--uts"),
  volumes: (volumes: readonly ComposeVolume[], place) => volumes.flatMap((volume) => volumeWords(volume, place)),
  working_dir: option("--workdir"),
  // Where and when it is run, not how; or said elsewhere: image, words, networks and ports below.
  ...Object.fromEntries(
    [
      "attach",
      "build",
      "command",
      "container_name",
      "depends_on",
      "deploy",
      "develop",
      "entrypoint",
      "environment",
      "expose",
      "image",
      "networks",
      "ports",
      "profiles",
      "pull_policy",
      "scale",
    ].map((key) => [key, nothing]),
  ),
};

/** The words of `docker run` for a service. Throws `usage` for what they cannot say. */
export function serviceWords(
  model: ComposeModel,
  name: string,
  { again, ports, aliases, options, environmentFile, command, entrypoint }: ServiceChanges,
): Words {
  const service = model.services[name] ?? {};
  const place = { name, model };
  const words = Object.entries(service).flatMap(([key, value]) => {
    const row = Object.hasOwn(rows, key) ? rows[key] : undefined;
    if (value === null || (key === "restart" && !again) || (row !== undefined && value === "")) return [];
    if (row === undefined) throw unsaid(name, key);
    return row(value as never, place);
  });
  const given = entrypoint ? undefined : (service["entrypoint"] as Words | null | undefined);
  const [first, ...more] = given ?? [];
  return [
    ...words,
    "--env-file",
    environmentFile,
    ...environmentOf(service).flatMap(([key, value]) => (fitsALine(value) ? [] : ["--env", `${key}=${value}`])),
    ...networkWords(service, place, aliases),
    ...(ports ? ((service["ports"] ?? []) as readonly ComposePort[]).flatMap(portWords) : []),
    ...(given === undefined || given === null ? [] : ["--entrypoint", first ?? ""]),
    ...options,
    typeof service["image"] === "string" ? service["image"] : `${model.name}-${name}`,
    ...more,
    ...(command ?? (entrypoint ? [] : ((service["command"] as Words | null | undefined) ?? []))),
  ];
}

/**
 * A service's variables as a file for `docker run --env-file`: whoever may list processes does not
 * see them, as with Compose. Lines hold all but values of several lines.
 */
export function environmentFile(model: ComposeModel, name: string): string {
  return environmentOf(model.services[name] ?? {})
    .filter(([, value]) => fitsALine(value))
    .map(([key, value]) => (value === null ? `${key}\n` : `${key}=${value}\n`))
    .join("");
}

function environmentOf(service: ComposeService): readonly (readonly [string, string | null])[] {
  return Object.entries((service["environment"] ?? {}) as Readonly<Record<string, string | null>>);
}

function fitsALine(value: string | null): boolean {
  return value === null || !/[\r\n]/.test(value);
}

/** Those it depends on, and those that these depend on. */
export function dependenciesOf(model: ComposeModel, name: string): readonly string[] {
  const found = new Set<string>();
  const add = (service: string): void => {
    for (const dependency of Object.keys((model.services[service]?.["depends_on"] ?? {}) as object)) {
      if (dependency === name || found.has(dependency)) continue;
      found.add(dependency);
      add(dependency);
    }
  };
  add(name);
  return [...found];
}

function unsaid(name: string, what: string): SeccompGenError {
  return new SeccompGenError({
    code: "usage",
    what: `service ${name} has ${what}, which seccomp-gen cannot give to docker run`,
    todo: "Write the service as a command: seccomp-gen record --name SERVICE -- docker run [OPTIONS] IMAGE [COMMAND]",
  });
}

/** `service:x` is another container, which has no id before it runs. */
function namespace(flagName: string): Row {
  return (value: string, { name }) => {
    if (value.startsWith("service:")) throw unsaid(name, `${flagName.slice(2)} ${value}`);
    return [flagName, value];
  };
}

interface ComposePort {
  readonly host_ip?: string;
  readonly target: number;
  readonly published?: string;
  readonly protocol?: string;
}

function portWords({ host_ip: ip, target, published, protocol }: ComposePort): Words {
  const host = ip?.includes(":") === true ? `[${ip}]` : ip;
  const before = [host, published ?? (host === undefined ? undefined : "")].filter((part) => part !== undefined);
  return ["--publish", `${[...before, target].join(":")}${protocol === undefined ? "" : `/${protocol}`}`];
}

interface ComposeVolume {
  readonly type: string;
  readonly source?: string;
  readonly target: string;
  readonly read_only?: boolean;
}

function volumeWords({ type, source, target, read_only: readOnly }: ComposeVolume, { name, model }: Place): Words {
  const mode = readOnly === true ? ":ro" : "";
  if (type === "tmpfs") return ["--tmpfs", target];
  if (type === "bind" && source !== undefined) return ["--volume", `${source}:${target}${mode}`];
  if (type !== "volume") throw unsaid(name, `a mount of the type ${type}`);
  return ["--volume", source === undefined ? target : `${model.volumes?.[source]?.name ?? source}:${target}${mode}`];
}

interface ComposeFile {
  readonly source: string;
  readonly target?: string;
}

function mounted(
  files: readonly ComposeFile[],
  known: ComposeModel["secrets"],
  folder: string,
  { name }: Place,
): Words {
  return files.flatMap(({ source, target }) => {
    const file = known?.[source]?.file;
    if (file === undefined) throw unsaid(name, `${source}, which is no file`);
    const parent = folder === "" ? "/" : folder;
    const place = target?.startsWith("/") === true ? target : `${parent}${target ?? source}`;
    return ["--volume", `${file}:${place}:ro`];
  });
}

function networkWords(service: ComposeService, { name, model }: Place, aliases: boolean): Words {
  if (typeof service["network_mode"] === "string") return [];
  const networks = Object.entries(
    (service["networks"] ?? {}) as Readonly<
      Record<string, { readonly aliases?: Words; readonly ipv4_address?: string } | null>
    >,
  );
  if (networks.length > 1) throw unsaid(name, "several networks");
  const others = typeof service["container_name"] === "string" ? [service["container_name"]] : [];
  return networks.flatMap(([network, about]) => [
    "--network",
    model.networks?.[network]?.name ?? `${model.name}_${network}`,
    ...(aliases ? [name, ...others, ...(about?.aliases ?? [])].flatMap((alias) => ["--network-alias", alias]) : []),
    ...(about?.ipv4_address === undefined ? [] : ["--ip", about.ipv4_address]),
  ]);
}

interface ComposeHealthcheck {
  readonly test?: Words;
  readonly disable?: boolean;
  readonly interval?: string;
  readonly timeout?: string;
  readonly retries?: number;
  readonly start_period?: string;
}

/** `docker run` knows checks in shell form alone. */
function health({ test = [], disable, interval, timeout, retries, start_period: period }: ComposeHealthcheck): Words {
  const [form, ...words] = test;
  if (disable === true || form === "NONE") return ["--no-healthcheck"];
  const command = form === "CMD" ? words.map(shellWord).join(" ") : words.join(" ");
  return [
    ...(form === undefined ? [] : ["--health-cmd", command]),
    ...(interval === undefined ? [] : ["--health-interval", interval]),
    ...(timeout === undefined ? [] : ["--health-timeout", timeout]),
    ...(retries === undefined ? [] : ["--health-retries", String(retries)]),
    ...(period === undefined ? [] : ["--health-start-period", period]),
  ];
}
