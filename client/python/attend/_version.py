"""The package's version, which is attend's; tests/python/package.py compares it with `attend --version`.

SPDX-License-Identifier: Apache-2.0
"""
VERSION = "0.1.0"
