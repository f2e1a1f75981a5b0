"""A light day of Python: an echo over TCP between two threads, a child, a file."""
import socket, subprocess, threading

with socket.create_server(("127.0.0.1", 0)) as server:
    thread = threading.Thread(target=lambda: server.accept()[0].sendall(b"answer"))
    thread.start()
    with socket.create_connection(server.getsockname()) as client:
        print(client.recv(100).decode())
    thread.join()
print(subprocess.run(["echo", "child"], capture_output=True, text=True).stdout.strip())
with open("/tmp/file", "w") as file:
    file.write("text")
