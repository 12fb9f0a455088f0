"""The bare tool on a port of its own: `python -m tests.bench.serve_tool ISSUER`, the key as a JWK on its input."""

from __future__ import annotations

import json
import sys

from tests.bench.bare_tool import create_bare_tool
from tests.bench.processes import listening, serve_forever

if __name__ == "__main__":
    jwk = json.load(sys.stdin)
    bound = listening()
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    app = create_bare_tool(jwk, issuer=sys.argv[1], url=url)
    serve_forever(app, bound)
