"""The real worker, whose lease lasts a few seconds: `python -m tests.app.jobs.quick_worker`, killed by the tests.

With CHUNK_PAUSE in its environment, every chunk lasts that many seconds more, before it stores anything.
"""

import os
import time
from typing import Any

from app.cli import main
from app.jobs import lease, workers
from app.proposals import rows

LEASE_SECONDS = 4.0

if __name__ == "__main__":
    lease.LEASE_SECONDS, lease.HEARTBEAT_SECONDS, workers.SWEEP_SECONDS = LEASE_SECONDS, 1.0, 0.3
    pause = float(os.environ.get("CHUNK_PAUSE", "0"))
    match = rows._match

    def match_slowly(*values: Any) -> list[dict[str, Any]]:
        """The same, later."""
        time.sleep(pause)
        return match(*values)

    rows._match = match_slowly
    main()
