"""A container that fails, one that is read while it runs, an exec, a file taken out."""

import io
import os
import sys
import tarfile

import docker

client = docker.from_env()
image = os.environ["IMAGE"]

try:
    client.containers.run(image, ["sh", "-c", "mkdir /made; echo seen >&2; exit 3"], remove=True)
except docker.errors.ContainerError as error:
    print(error.exit_status, error.command, error.stderr)

print(client.containers.run(image, "uname -s", remove=True))

container = client.containers.run(image, ["sh", "-c", "echo begin; sleep 60"], detach=True)
try:
    print(next(container.logs(stream=True)))
    print(container.exec_run(["sh", "-c", "rmdir /none; printf kept >/kept; exit 4"]))
    stream, stat = container.get_archive("/kept")
    archive = tarfile.open(fileobj=io.BytesIO(b"".join(stream)))
    print(stat["size"], archive.extractfile("kept").read())
    container.reload()
    print(container.attrs["Path"], container.attrs["Args"], container.attrs["Mounts"])
    container.restart(timeout=0)
    container.kill()
    print(container.wait()["StatusCode"])
finally:
    container.remove(force=True)
sys.exit(6)
