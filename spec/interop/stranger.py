"""python stranger.py ADDRESS TYPE [HEX]: sends a Locust master one message over its own transport, of that type with null as
its data, or these bytes as they are; tells what comes back within 5 s."""

import json
import sys
import time

import msgpack
import zmq

address, kind, *raw = sys.argv[1:]
socket = zmq.Context().socket(zmq.DEALER)
socket.setsockopt(zmq.IDENTITY, b"stranger")
socket.setsockopt(zmq.LINGER, 1000)
socket.connect(f"tcp://{address}")
socket.send(bytes.fromhex(raw[0]) if raw else msgpack.packb((kind, None, "stranger")))
answer = repr(msgpack.unpackb(socket.recv())) if socket.poll(5000) else None
print(json.dumps({"kind": "answer", "at": time.time() * 1000, "text": answer}), flush=True)
