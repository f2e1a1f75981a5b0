"""Runs tests of Python's own suite. A line for each to standard output: ok, skip or fail, and its name."""
import os, subprocess, sys, tempfile, xml.etree.ElementTree

_, *modules = sys.argv
for module in modules:
    report = tempfile.mktemp(suffix=".xml")
    ran = subprocess.run(
        [sys.executable, "-m", "test", "--timeout", "300", "--junit-xml", report, module],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd="/tmp",
    )
    if not os.path.exists(report):
        print("fail", module, f"ended with {ran.returncode}")
        sys.stderr.buffer.write(ran.stdout[-2000:])
        continue
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        if case.get("result") == "skipped" or "skipped" in kinds:
            word = "skip"
        else:
            word = "fail" if kinds & {"failure", "error"} else "ok"
        print(word, case.get("name").replace(" ", "_"))
        if word == "fail":
            sys.stderr.write("".join(child.text or "" for child in case)[-1500:] + "\n")
    sys.stdout.flush()
