"""attend - talks to attendd: register marks in, deadlines and alerts out.

    import attend

    with attend.Client("tcp://attend.example:5570", "attendd.pub", "mis.identity") as client:
        receipt = client.marks("106125", [attend.Mark("B801200005001", "2026-09-07", "AM", "/")])
        for row in receipt.refused:
            print(row)

When a call returns, what was sent is on disk. What is refused is raised as Refused, with `field` and `reason`;
rows that are refused are in the receipt. Sending again is safe: see Client.submit.

SPDX-License-Identifier: Apache-2.0
"""
from ._version import VERSION as __version__
from .client import Answer, Client, Mark, Receipt, RefusedRow
from .errors import (AttendError, Barred, KeyFileError, KeyRefused, Lack, NotAllowed, NotFound, NotNow, Refused,
                     StoreDamaged, Unmet, Unreachable)
from .keys import Identity, read_identity, read_server_key
from .subscription import Subscription
from .wire import Command, content_id, new_id

__all__ = [
    "Answer", "AttendError", "Barred", "Client", "Command", "Identity", "KeyFileError", "KeyRefused", "Lack", "Mark",
    "NotAllowed", "NotFound", "NotNow", "Receipt", "Refused", "RefusedRow", "StoreDamaged", "Subscription", "Unmet",
    "Unreachable", "__version__", "content_id", "new_id", "read_identity", "read_server_key",
]
