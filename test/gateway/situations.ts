/**
 * One thing that a user does with docker, as a shell script. `$IMAGE` is a Debian base image, and `$N` a name for it.
 */
export interface Situation {
  readonly name: string;
  readonly script: string;
  /** Its lines come in any order. */
  readonly unordered?: true;
}

const inspect = (what: string): string => `docker inspect --format '${what}' $N`;
/** Everything in an inspection except what differs in each run. */
const whole =
  "docker inspect $N | grep -vE " +
  "'\"(Id|Pid|Created|StartedAt|FinishedAt|SandboxID|SandboxKey|MacAddress|Hostname|LogPath|" +
  "Hosts[A-Za-z]*|Res[A-Za-z]*|[A-Za-z]*Dir|" +
  "EndpointID|NetworkID|IPAddress|Gateway|DNSNames)\"' " +
  "| sed -E 's/[0-9a-f]{12,64}/ID/g; s/-$//'";

export const situations: readonly Situation[] = [
  { name: "output and exit code", script: "docker run --rm $IMAGE sh -c 'echo out; echo err >&2; exit 7'" },
  { name: "a bare name from PATH", script: "docker run --rm $IMAGE uname -s" },
  { name: "an entrypoint of its own", script: "docker run --rm --entrypoint /bin/echo $IMAGE a 'b c' ''" },
  { name: "an entrypoint taken away", script: "docker run --rm --entrypoint '' $IMAGE echo bare" },
  { name: "input through a pipe", script: "seq 1000 | docker run --rm -i $IMAGE sh -c 'cat; echo end'" },
  {
    name: "fifty megabytes both ways",
    script: "head -c 50000000 /dev/zero | tr '\\0' x | docker run --rm -i $IMAGE cat | sha256sum",
  },
  {
    name: "input that is closed first",
    script: "echo x | docker run --rm -i $IMAGE sh -c 'cat; sleep 0.3; echo later'",
  },
  { name: "input that nobody reads", script: "seq 100000 | docker run --rm -i $IMAGE sh -c 'exit 4'" },
  {
    name: "a terminal and its size",
    script:
      "script -qec \"stty rows 33 cols 77; docker run --rm -t $IMAGE sh -c 'sleep 0.5; tty; stty size'\" /dev/null",
  },
  {
    name: "keys that detach",
    script:
      `(sleep 2; printf '\\020\\021'; sleep 1) | script -qec "docker run -it --name $N $IMAGE sleep ` +
      `60" /dev/null; ${inspect("{{.State.Running}}")}; docker rm -f $N`,
  },
  {
    name: "Ctrl-C of docker run",
    script:
      'docker run --rm --name $N $IMAGE sh -c \'trap "echo got; exit 9" INT; while :; do sleep 0.1; ' +
      "done' & sleep 3; kill -INT $!; wait $!; echo $?",
  },
  {
    name: "stop with a stop signal of its own",
    script:
      `docker run -d --name $N --stop-signal USR1 $IMAGE sh -c 'trap "exit 5" USR1; echo up; while :; ` +
      `do sleep 0.1; done' | wc -c; docker stop $N; ${inspect("{{.State.ExitCode}}")}; docker logs $N; ` +
      "docker rm $N",
  },
  {
    name: "kill",
    script:
      "docker run -d --name $N $IMAGE sleep 60 | wc -c; docker kill $N; " +
      `${inspect("{{.State.ExitCode}}")}; docker rm $N`,
  },
  {
    name: "wait",
    script: "docker run -d --name $N $IMAGE sh -c 'sleep 1; exit 3' | wc -c; docker wait $N; docker rm $N",
  },
  {
    name: "create, start, start again",
    script: "docker create --name $N $IMAGE echo created | wc -c; docker start -a $N; docker start -a $N; docker rm $N",
  },
  {
    name: "created and never started",
    script: `docker create --name $N $IMAGE true | wc -c; ${inspect("{{.State.Status}}")}; docker rm $N`,
  },
  {
    name: "restart",
    script:
      "docker run -d --name $N $IMAGE sh -c 'echo begin; sleep 60' | wc -c; docker restart -t 0 $N; " +
      "docker logs $N; docker rm -f $N",
  },
  {
    name: "a restart policy",
    script:
      "docker run -d --name $N --restart on-failure:2 $IMAGE sh -c 'echo again; exit 1' | wc -c; sleep " +
      `6; ${inspect("{{.RestartCount}} {{.State.Status}} {{.State.ExitCode}}")}; docker logs $N; ` +
      "docker rm -f $N",
  },
  {
    name: "exec",
    script:
      "docker run -d --name $N $IMAGE sleep 60 | wc -c; docker exec $N sh -c 'echo in; exit 6'; echo " +
      "$?; docker rm -f $N",
  },
  {
    name: "exec with input, user, folder and environment",
    script:
      "docker run -d --name $N $IMAGE sleep 60 | wc -c; echo text | docker exec -i -u 65534:1 -w /tmp " +
      "-e A=b $N sh -c 'cat; id -u; id -g; pwd; echo $A'; docker rm -f $N",
  },
  {
    name: "exec with a terminal",
    script:
      "docker run -d --name $N $IMAGE sleep 60 | wc -c; script -qec \"docker exec -t $N sh -c 'tty; " +
      "echo $((1+1))'\" /dev/null; docker rm -f $N",
  },
  {
    name: "exec detached",
    script:
      "docker run -d --name $N $IMAGE sleep 60 | wc -c; docker exec -d $N touch /made; sleep 1.5; " +
      "docker exec $N ls /made; docker rm -f $N",
  },
  {
    name: "exec in a stopped container",
    script:
      "docker create --name $N $IMAGE true | wc -c; docker exec $N true 2>&1 | sed -E " +
      "'s/[0-9a-f]{64}/ID/'; docker rm $N",
  },
  {
    name: "cp both ways",
    script:
      "docker run -d --name $N $IMAGE sleep 60 | wc -c; echo data >/tmp/$N; docker cp /tmp/$N " +
      "$N:/root/x; docker cp $N:/root/x -| tar -xO; rm /tmp/$N; docker rm -f $N",
  },
  {
    name: "logs",
    script:
      "docker run --name $N $IMAGE sh -c 'echo 1; sleep 0.3; echo 2 >&2' >/dev/null 2>&1; docker logs $N; docker " +
      "logs --tail 1 $N; docker rm $N",
  },
  {
    name: "logs that are followed",
    script:
      "docker run -d --name $N $IMAGE sh -c 'for n in 1 2 3; do echo $n; sleep 0.3; done' | wc -c; " +
      "docker logs -f $N; docker rm $N",
  },
  { name: "top", script: "docker run -d --name $N $IMAGE sleep 60 | wc -c; docker top $N -o args; docker rm -f $N" },
  {
    name: "ps",
    script:
      "docker run -d --name $N $IMAGE sh -c 'sleep 60' | wc -c; docker ps --no-trunc --filter name=$N " +
      "--format '{{.Command}} {{.Image}} {{.Names}} {{.Mounts}}'; docker rm -f $N",
  },
  {
    name: "inspect of a command",
    script:
      "docker create --name $N -e A=b -l x=y --cap-drop ALL --read-only --tmpfs /t $IMAGE sh -c 'echo " +
      `"x y"' | wc -c; ${whole}; docker rm $N`,
  },
  {
    // One mount, because the engine lists several in any order.
    name: "inspect of an entrypoint",
    script:
      "docker create --name $N --entrypoint /bin/sh -v /tmp:/host:ro $IMAGE -c true | wc -c; " +
      `${whole}; docker rm -v $N`,
  },
  {
    name: "inspect of a health check",
    script:
      "docker create --name $N --health-cmd 'true || false' --health-interval 7s $IMAGE true | wc -c; " +
      `${inspect("{{json .Config.Healthcheck}}")}; docker rm $N`,
  },
  {
    name: "inspect of a seccomp profile",
    script:
      "docker create --name $N --security-opt seccomp=unconfined $IMAGE true | wc -c; " +
      `${inspect("{{json .HostConfig.SecurityOpt}}")}; docker rm $N`,
  },
  {
    name: "diff",
    script: "docker run --name $N $IMAGE sh -c 'echo x >/new; rm /etc/issue'; docker diff $N | sort; docker rm $N",
  },
  {
    name: "commit keeps the command",
    script:
      "docker run --name $N $IMAGE sh -c 'echo committed'; docker commit $N $N:x | wc -c; docker image " +
      "inspect --format '{{json .Config.Cmd}} {{json .Config.Entrypoint}}' $N:x; docker run --rm $N:x; " +
      "docker rm $N; docker rmi $N:x >/dev/null",
  },
  {
    name: "commit keeps entrypoint and health check",
    script:
      "docker create --name $N --entrypoint /bin/echo --health-cmd 'test -e /x' --health-interval 9s " +
      "$IMAGE hello | wc -c; docker commit $N $N:x | wc -c; docker image inspect --format '{{json " +
      ".Config.Cmd}} {{json .Config.Entrypoint}} {{json .Config.Healthcheck}}' $N:x; docker rm $N; " +
      "docker rmi $N:x >/dev/null",
  },
  {
    name: "a health check",
    script:
      "docker run -d --name $N --health-cmd 'test -e /tmp/ok' --health-interval 0.3s --health-retries " +
      "9 $IMAGE sh -c 'touch /tmp/ok; sleep 60' | wc -c; sleep 4; " +
      `${inspect("{{.State.Health.Status}}")}; docker rm -f $N`,
  },
  {
    name: "a health check that fails",
    script:
      "docker run -d --name $N --health-cmd 'echo ill; false' --health-interval 0.3s --health-retries " +
      "2 $IMAGE sleep 60 | wc -c; sleep 4; " +
      `${inspect("{{.State.Health.Status}} {{(index .State.Health.Log 0).Output}}")}; docker rm -f $N`,
  },
  {
    name: "hardened",
    script:
      "docker run --rm --read-only --cap-drop ALL --security-opt no-new-privileges --user 1000:1000 " +
      '--network none $IMAGE sh -c \'id -u; grep -E "CapBnd|NoNewPrivs|Seccomp:" /proc/self/status; ' +
      "touch /x'",
  },
  // The program's number depends on how many threads runc had.
  {
    name: "an init process",
    script: "docker run --rm --init $IMAGE sh -c 'cat /proc/1/comm; [ $$ = 1 ] && echo first; exit 8'",
  },
  {
    name: "the program's number and descriptors",
    script:
      'docker run --rm $IMAGE sh -c \'echo $$; cat /proc/$$/cmdline | tr "\\0" " "\'; ' +
      "docker run --rm $IMAGE ls /proc/self/fd",
  },
  {
    name: "setuid programs keep their privilege",
    script: "docker run --rm --user 1000 $IMAGE sh -c 'cp /bin/true /tmp/t; passwd --status 2>&1 | head -1; echo $?'",
  },
  {
    name: "more capabilities",
    script: "docker run --rm --cap-add SYS_ADMIN $IMAGE sh -c 'grep CapBnd /proc/self/status'",
  },
  { name: "the host's processes", script: "docker run --rm --pid host $IMAGE sh -c 'test $$ -gt 1 && echo other'" },
  {
    name: "another container's processes",
    script:
      "docker run -d --name $N $IMAGE sleep 61 | wc -c; docker run --rm --pid container:$N $IMAGE sh " +
      '-c \'tr "\\0" " " </proc/1/cmdline\'; docker rm -f $N',
  },
  {
    name: "volumes of another container",
    script:
      "docker create --name $N -v /shared $IMAGE true | wc -c; docker run --rm --volumes-from $N " +
      "$IMAGE sh -c 'echo x >/shared/x; ls /shared'; docker rm -v $N",
  },
  {
    name: "a network of its own, by name",
    script:
      "docker network create $N | wc -c; docker run -d --name $N --network $N $IMAGE sleep 60 | wc -c; " +
      "docker run --rm --network $N $IMAGE getent hosts $N | wc -l; docker rm -f $N; docker network rm " +
      "$N",
  },
  {
    name: "a name that is taken",
    script:
      "docker create --name $N $IMAGE true | wc -c; docker create --name $N $IMAGE true 2>&1 | sed -E " +
      "'s/[0-9a-f]{64}/ID/'; docker rm $N",
  },
  { name: "an image that is not there", script: "docker run --rm --pull never no-such-image-$N true 2>&1" },
  { name: "an option that the engine refuses", script: "docker run --rm --memory 1 $IMAGE true 2>&1" },
  { name: "a file that is not executable", script: "docker run --rm $IMAGE /etc/passwd 2>/dev/null; echo $?" },
  { name: "a program that is not there", script: "docker run --rm $IMAGE /no/such 2>/dev/null; echo $?" },
  {
    name: "both builders' steps",
    script:
      "printf 'FROM '$IMAGE'\\nRUN echo built >/built\\nCMD cat /built\\n' | DOCKER_BUILDKIT=0 docker " +
      "build -q -t $N:b - 2>/dev/null | wc -c; docker run --rm $N:b; docker rmi $N:b >/dev/null",
  },
  { name: "save and load", script: "docker tag $IMAGE $N:s; docker save $N:s | docker load; docker rmi $N:s" },
  {
    name: "ten at once",
    script: "for n in 0 1 2 3 4 5 6 7 8 9; do docker run --rm $IMAGE echo $n & done; wait",
    unordered: true,
  },
  {
    name: "events",
    script:
      "docker events --filter container=$N --format '{{.Action}}' --until 8s >/tmp/$N.events & sleep " +
      "1; docker run --name $N $IMAGE true; docker rm $N >/dev/null; wait; cat /tmp/$N.events; rm " +
      "/tmp/$N.events",
  },
  {
    name: "update and rename",
    script:
      "docker run -d --name $N $IMAGE sleep 60 | wc -c; docker update --pids-limit 99 $N; docker " +
      "rename $N $N-b; docker exec $N-b echo there; docker rm -f $N-b",
  },
  {
    name: "attach",
    script:
      "docker run -d -i --name $N $IMAGE sh -c 'read line; echo got $line; sleep 1' | wc -c; echo word | docker " +
      "attach $N; docker rm -f $N",
  },
  {
    name: "pause",
    script:
      "docker run -d --name $N $IMAGE sleep 60 | wc -c; docker pause $N; " +
      `${inspect("{{.State.Status}}")}; docker unpause $N; docker rm -f $N`,
  },
  {
    name: "export",
    script: "docker create --name $N $IMAGE true | wc -c; docker export $N | tar -t | grep -c ^etc/; docker rm $N",
  },
];
