"""Run one case and print its figures as JSON: python -m measured MODULE.FUNCTION ARGUMENTS."""

from __future__ import annotations

import json
import sys
from importlib import import_module

module, _, function = sys.argv[1].partition(".")
case = getattr(import_module(f"measured.{module}"), function)
print(json.dumps(case(**json.loads(sys.argv[2]))))
