"""`python -m checks.soak`: see checks/soak/soak.py."""

import sys

from checks.soak.soak import main

sys.exit(main())
