# SPDX-License-Identifier: GPL-3.0-or-later
"""The durable points, as store/durable_point.h names them."""

import os
import re

_TABLE = os.path.join(os.path.dirname(__file__), "../../store/durable_point.h")

with open(_TABLE, encoding="ascii") as _file:
    POINTS = re.findall(r'POINT\([A-Z_]+, "([a-z-]+)"\)', _file.read())
