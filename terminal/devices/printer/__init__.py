"""Receipt printers: rendering, the ESC/POS driver, the one without hardware, and its paper."""
