"""A web application of the evaluation: each path is one thing that such applications do."""
import os
import socket
import sqlite3
import subprocess
import tempfile
import threading

from flask import Flask, request

app = Flask(__name__)


@app.route("/")
def page():
    return "a page"


@app.route("/upload", methods=["POST"])
def upload():
    with tempfile.NamedTemporaryFile(dir="/tmp", delete=False) as file:
        file.write(request.get_data())
        file.flush()
        os.fsync(file.fileno())
    os.replace(file.name, "/tmp/uploaded")
    return str(os.path.getsize("/tmp/uploaded"))


@app.route("/database")
def database():
    with sqlite3.connect("/tmp/app.db") as connection:
        connection.execute("create table if not exists t (n integer)")
        connection.execute("insert into t values (1)")
        return str(connection.execute("select count(*) > 0 from t").fetchone()[0])


@app.route("/program")
def program():
    return subprocess.run(["sort"], input="b\na\n", capture_output=True, text=True).stdout


@app.route("/threads")
def threads():
    results = []
    workers = [threading.Thread(target=results.append, args=(n,)) for n in range(8)]
    [worker.start() for worker in workers]
    [worker.join() for worker in workers]
    return str(len(results))


@app.route("/refused")
def refused():
    try:
        socket.create_connection(("127.0.0.1", 9), timeout=2)
    except OSError as error:
        return type(error).__name__


@app.route("/broken")
def broken():
    return open("/nothing").read()
