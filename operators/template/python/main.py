"""Connects function.py with FogFlow; only the standard library is used."""

import json
import os
import signal
import sys
import threading
import traceback
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import function

MAX_BODY = 16 * 1024 * 1024
TIMEOUT_S = 10


class Task:
    """The surroundings of the task, as the worker tells them, and its ways to the broker."""

    def __init__(self):
        self.lock = threading.Lock()
        self.broker = None
        self.correlator = ""
        self.reference = ""
        self.outputs = []
        self.subscribed = []

    def apply(self, commands):
        if any(command.get("command") == "SET_OUTPUTS" for command in commands):
            self.outputs = []
        for command in commands:
            kind = command.get("command")
            if kind == "CONNECT_BROKER":
                self.broker = command["brokerURL"]
            elif kind == "SET_CORRELATORID":
                self.correlator = command["correlatorID"]
            elif kind == "SET_REFERENCE":
                self.reference = command["url"]
            elif kind == "SET_OUTPUTS":
                self.outputs.append({"id": command["id"], "type": command["type"]})

    def publish(self, entity):
        identity = entity.get("entityId") or (self.outputs[0] if self.outputs else None)
        if identity is None:
            raise ValueError("publish: the entity has no entityId, and the task no output to take it from")
        element = {
            "entityId": {"id": identity["id"], "type": identity.get("type", ""), "isPattern": False},
            "attributes": to_list(entity.get("attributes")),
            "domainMetadata": to_list(entity.get("metadata")),
        }
        self.post("updateContext", {"contextElements": [element], "updateAction": "UPDATE"})

    def query(self, request):
        answer = self.post("queryContext", request)
        return [to_object(response["contextElement"]) for response in answer.get("contextResponses") or []]

    def subscribe(self, request):
        request = dict(request, reference=self.reference)
        if request not in self.subscribed:
            self.post("subscribeContext", request)
            self.subscribed.append(request)

    def post(self, operation, body):
        headers = {"Content-Type": "application/json", "Fiware-Correlator": self.correlator}
        request = urllib.request.Request(f"{self.broker}/{operation}", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return json.load(answer)

    def handle(self, notification):
        with self.lock:
            for response in notification.get("contextResponses") or []:
                entity = to_object(response["contextElement"])
                try:
                    function.handle(entity, self.publish, self.query, self.subscribe)
                except urllib.error.HTTPError as error:
                    if error.code >= 500:
                        raise  # the broker cannot take it now: the notification must come again
                    print(error.read().decode(errors="replace"), file=sys.stderr)
                except OSError:
                    raise  # the broker is away
                except Exception:
                    traceback.print_exc()


def to_list(members):
    return [{"name": name, "type": m.get("type", ""), "value": m.get("value")} for name, m in (members or {}).items()]


def to_object(element):
    def by_name(members):
        return {m["name"]: {"type": m.get("type", ""), "value": m.get("value")} for m in members or []}

    return {
        "entityId": element.get("entityId", {}),
        "attributes": by_name(element.get("attributes")),
        "metadata": by_name(element.get("domainMetadata")),
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        try:
            length = int(self.headers.get("Content-Length", 0))
            if length > MAX_BODY:
                return self.answer(413, {"error": "the body is too large"})
            body = json.loads(self.rfile.read(length) or b"null")
            if self.path == "/notifyContext":
                self.server.task.handle(body)
            elif self.path == "/admin":
                self.server.task.apply(body)
            else:
                return self.answer(404, {"error": "no such path"})
            self.answer(200, {})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.answer(400, {"error": str(error)})
        except OSError as error:
            self.answer(503, {"error": str(error)})

    def answer(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def main():
    server = ThreadingHTTPServer(("0.0.0.0", int(os.environ["myport"])), Handler)
    server.task = Task()
    server.task.apply(json.loads(os.environ.get("adminCfg") or "[]"))
    # The first process of a container gets no default handling of signals.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.serve_forever()


if __name__ == "__main__":
    main()
