"""The sentences of faults in programs, devices, files and on the wire; ``errors`` joins them to its own."""

from __future__ import annotations

from commerce.texts import N_, counted

_NO_GS1 = N_("This is not a valid GS1 code ({code}).")

FAULT_TEXTS: dict[str, str] = {
    "identity.none": N_("This till is not enrolled yet. Ask head office for a code and run: till enrol CODE"),
    "identity.exposed": N_(
        "Other users of this machine can read the key {path}. Nothing was started: set its mode to 0600."
    ),
    "identity.unreadable": N_("The key {path} is damaged. Enrol this till again; its ledger stays."),
    "start.failed": N_("The start failed: {reason}. Nothing was sold or changed; the log above has it in full."),
    "listen.in_use": N_(
        "Port {port} on {host} is in use by another program. Stop it, or choose another port in the settings."
    ),
    "ledger.in_use": N_("Another till program has this ledger open already. Only one may run on it."),
    "ledger.damaged": N_(
        "The ledger is damaged: entry {seq} does not hold. Delete nothing and call support; what central has"
        " acknowledged is safe there."
    ),
    "ledger.damaged_file": N_(
        "The ledger {path} is damaged ({reason}). Delete nothing and call support; what central has acknowledged is"
        " safe there."
    ),
    "start.disk_full": N_(
        "The till cannot start: the disk with {path} is full, {free_kib} KiB are left. Nothing is lost. Make room"
        " there, then start it again."
    ),
    "ledger.newer": N_("The ledger is of a newer version. Start the newer program."),
    "ledger.not_one": N_("{path} is not a ledger of a till."),
    "ledger.header": N_("An entry of the ledger does not have the form of an entry."),
    "head.unreadable": N_("{path} is not a head signed by central."),
    "head.signature": N_("The head was not signed by the key it names."),
    "file.unreadable": N_("The file {path} cannot be read: {reason}."),
    "clock.unreadable": N_("“{value}” is not a time with an offset, such as 2026-11-23T09:30:00+01:00."),
    "clock.zone_missing": N_("The time lacks its offset from UTC."),
    "storage.not_durable": N_("The database cannot promise that sales stay on the disk. Nothing was started."),
    "export.sheet_full": N_("A sheet holds {most} rows at most. Choose fewer days, or take the CSV file."),
    "storage.away": N_("The database does not answer. Try again in a moment."),
    "storage.busy": N_("There is too much to do just now. Try again in a moment."),
    "storage.slow": N_("This took too long and was stopped. Ask for less at a time."),
    "catalog.damaged": N_(
        "The catalogue is damaged and is being fetched again from central. Nothing was added: try again in a moment."
    ),
    "catalog.unreadable": N_("The catalogue {path} is damaged. It is fetched again from central."),
    "catalog.closed": N_("The catalogue is closed: the till is stopping."),
    "central.none": N_("The settings name no central. Add [central] with its url."),
    "central.tls_required": N_("Central at {url} has to be reached by https. Plain http is for this machine only."),
    "company.which": N_("There are {count} companies. Choose one with --company."),
    "device.absent": N_("The device {device} is not there. Plug it in, or start what stands in for it."),
    "device.busy": N_("Another program is using the device {device}."),
    "device.no_permission": N_("The till may not open the device {device}. Add its user to the device's group."),
    "device.failed": N_("The device {device} failed. It is opened again by itself."),
    "device.driver_failed": N_("The driver of the device failed. It is started again by itself."),
    "device.ended": N_("The device ended. It is opened again by itself."),
    "device.starting": N_("The device is being opened."),
    "link.busy": N_("The device is busy."),
    "printer.paper_near_end": N_("The printer's paper is nearly finished. Have a new roll ready."),
    "device.closed": N_("The device is closed: the till is stopping."),
    "device.ambiguous": N_("Several devices fit the settings of the scanner. Name the one by its path or its port."),
    "device.bad_name": N_("“{device}” cannot be the name of a device."),
    "device.bad_option": N_("The option {option} of the device {device} is missing or wrong."),
    "device.unknown_option": N_("The device {device} has no option {option}."),
    "device.unknown_driver": N_("There is no driver {driver} for the device {device}."),
    "scanner.code_not_sendable": N_("The character {character} cannot be sent by a scanner. Nothing was scanned."),
    "scanner.keymap_unknown": N_("There is no key map {keymap}; there are {known}."),
    "card_reader.no_virtual_one": N_("This till has no such virtual card reader."),
    "card_reader.order": N_("A virtual card reader cannot do this: {word}."),
    "scanner.no_virtual_one": N_("This till has no such virtual scanner."),
    "scanner.not_selected": N_(
        "The settings do not say which scanner. Give its path, its maker and model, or its port."
    ),
    "scanner.recording_truncated": N_("The recording ends in the middle of an event."),
    "device.no_answer": N_(
        "The device does not answer. What became of it is not known: look at it. The sale is saved."
    ),
    "printer.one_way": N_("The printer's model cannot say whether it printed. Look at its paper. The sale is saved."),
    "drawer.stuck": N_("The drawer did not open: its contact stays closed. Open it with its key."),
    "printer.no_answer": N_("The printer does not answer. The sale is saved: switch the printer on and tap Print."),
    "link.unreachable": N_("The device is not connected. Nothing was sent to it."),
    "link.lost": N_("The connection to the device broke off."),
    "link.closed": N_("The connection to the device is closed."),
    "link.stalled": N_("The device stopped taking what is sent to it."),
    "link.stuck": N_("The device is stuck. Switch it off and on."),
    "link.not_a_device": N_("What the settings name is not a device."),
    "link.usb_library_missing": N_("The library for USB devices is missing on this machine: install libusb."),
    "fiscal.unreachable": N_("The fiscal register is not connected. The sale is saved."),
    "fiscal.refused": N_("The fiscal register refused. The sale is saved."),
    "fiscal.no_answer": N_("The fiscal register does not answer. The sale is saved."),
    "fiscal_register.ambiguous": N_(
        "It is not known whether the fiscal register printed this. Look at its paper; it is not sent twice."
    ),
    "effect.unknown": N_("There is nothing such to print."),
    "effect.outcome": N_("A device reported an outcome that does not exist."),
    "document.unknown": N_("This till has no such document."),
    "enrol.unsent": N_(
        "This machine still holds entries that central does not have. Start the till and let it send them, or give it a"
        " code of the same till; the code stays good."
    ),
    "enrol.code": N_("The code is wrong, used or expired. Ask head office for a fresh one."),
    "item.text": N_("A text of the item is too long, or has characters that cannot be shown."),
    "sync.wait": counted(
        "wait_s",
        "This till sends more than central takes at once. It goes on by itself in {wait_s} second.",
        "This till sends more than central takes at once. It goes on by itself in {wait_s} seconds.",
    ),
    "enrol.wait": counted(
        "wait_s",
        "Too many wrong codes. Wait {wait_s} second, then try again.",
        "Too many wrong codes. Wait {wait_s} seconds, then try again.",
    ),
    "till.revoked": N_("Head office has shut this till out. Sales are kept here; ask head office."),
    "till.unknown_token": N_("Central does not know this till. Sales are kept here; ask head office."),
    "sync.another_central": N_(
        "Another central answered than the one where this till is enrolled. Sales are kept here."
    ),
    "sync.answer_cut_off": N_("Central's answer broke off. Sales are kept here and sent later."),
    "sync.answer_too_large": N_("Central did not answer as expected. Sales are kept here and sent later."),
    "data_dir.unusable": N_("The till's data directory {path} cannot be used ({reason}). Nothing was started."),
    "sync.no_progress": N_("Central did not answer as expected. Sales are kept here and sent later."),
    "sync.gap_again": N_("Central did not answer as expected. Sales are kept here and sent later."),
    "sync.answer_unreadable": N_("Central did not answer as expected. Sales are kept here and sent later."),
    "sync.catalogue_forged": N_("The catalogue that came is not central's. What was there before is used."),
    "sync.row_digest": N_("Central did not answer as expected. Sales are kept here and sent later."),
    "sync.head_unreadable": N_("Central did not answer as expected. Sales are kept here and sent later."),
    "sync.head_differs": N_(
        "Central holds other entries than this till. Nothing is lost; head office has to look at it."
    ),
    "sync.foreign_till": N_("A till may send only its own entries."),
    "sync.live_closed": N_("The live connection to central closed. It is opened again by itself."),
    "feed.cursor": N_("The cursor is not one of this feed."),
    "feed.epoch": N_("The feed began anew: take a snapshot."),
    "feed.unknown": N_("There is no such feed."),
    "registry.row": N_("A row from central cannot be read."),
    "wire.unreadable": N_("The message cannot be read."),
    "wire.encoding": N_("The message has an encoding that is not taken here."),
    "wire.zstd": N_("The message is not readable zstd."),
    "wire.entry": N_("An entry in the message cannot be read."),
    "wire.too_large": N_("The request is too large."),
    "json.unreadable": N_("The request is not readable JSON."),
    "barcode.not_digits": N_("The code has to be digits only."),
    "barcode.not_upce": N_("This is not a UPC-E code."),
    "barcode.bad_ean_upc": N_("This is not a valid EAN or UPC code."),
    "barcode.no_aim": N_("The scan does not say what kind of code it is."),
    "barcode.unknown_aim": N_("The scan names a kind of code that is not known."),
    "barcode.verifier_length": N_("The price in the code has a length without a check digit of its own."),
    "barcode.rule_prefix": N_("A rule for in-shop codes has a prefix that cannot be: {prefix}."),
    "barcode.rule_prefix_twice": N_("Two rules for in-shop codes have the prefix {prefix}."),
    "barcode.rule_layout": N_("A rule for in-shop codes has a layout that cannot be: {layout}."),
    "barcode.rule_kind": N_("A rule for in-shop codes is for price or weight, not for {kind}."),
    "barcode.rule_verifier": N_("A rule for in-shop codes has a check digit where none can be: {layout}."),
    "barcode.rule_decimals": N_("A rule for in-shop codes has {decimals} decimals; at most {most} fit."),
    "basket.event": N_("The open sale on the disk cannot be read."),
    "basket.event_version": N_("The open sale is of a newer version. Start the newer program."),
    "basket.line": N_("This line is no longer in the sale."),
    "money.mixed_currencies": N_("Amounts of different currencies cannot be added."),
    "money.nothing_to_spread_on": N_("There is no line that the amount could be spread on."),
    "numbering.formula": N_("Numbers cannot be made by the formula {formula}."),
    "receipt_code.forged": N_("The code on the receipt was not made by this till."),
    "receipt_code.unreadable": N_("The code on the receipt cannot be read."),
    "vat.mixed_rates": N_("One VAT code has two rates in the same document."),
    "gs1.bad_character": _NO_GS1,
    "gs1.bad_value": _NO_GS1,
    "gs1.empty": _NO_GS1,
    "gs1.exclusive": _NO_GS1,
    "gs1.no_key_in_link": _NO_GS1,
    "gs1.no_leading_fnc1": _NO_GS1,
    "gs1.not_bracketed": _NO_GS1,
    "gs1.not_digital_link": _NO_GS1,
    "gs1.repeat_differs": _NO_GS1,
    "gs1.repeated_in_link": _NO_GS1,
    "gs1.requires": _NO_GS1,
    "gs1.signature_needs_serial": _NO_GS1,
    "gs1.unknown_ai": _NO_GS1,
}
