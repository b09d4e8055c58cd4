"""Exits with the reason where a port of the fleet is taken by somebody else."""

import json
import os
import socket
import sys
from pathlib import Path

for name, port in json.loads((Path(__file__).parent / "config/ports.json").read_text()).items():
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        reason = os.strerror(error.errno or 0)  # its own text repeats the address
        sys.exit(f"cannot install {name}: port {port} on 127.0.0.1: {reason} (whose: ss -ltnp). Nothing was changed")
