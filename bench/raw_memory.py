"""The raw engine beside the till's memory: the libraries and one open catalogue."""

import sqlite3
import sys
import time

import aiohttp.web

if __name__ == "__main__":
    catalogue = sqlite3.connect(sys.argv[1])
    found = catalogue.execute("SELECT max(number) FROM item").fetchone()
    print(found[0], aiohttp.__version__, flush=True)
    time.sleep(600)
