"""NGSI.js, in Node.js."""

import os
import pathlib
import subprocess


def test_ngsijs_lives_with_this_broker(broker):
    script = pathlib.Path(__file__).with_name("ngsijs.test.mjs")
    command = ["node", "--test", "--test-reporter=spec", script]
    done = subprocess.run(command, env={**os.environ, "BROKER": broker}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
