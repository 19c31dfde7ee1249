"""The sentence that people read for each error code. Say what happened to the sale first, then what to do."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from commerce.texts import N_, counted
from commerce.texts.fault_texts import FAULT_TEXTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from commerce.errors import PosError
    from commerce.texts import Translator

UNKNOWN_CODE = N_("That did not work ({code}). Nothing was changed.")

ERROR_TEXTS: dict[str, str] = {
    "error": UNKNOWN_CODE,
    "rule": N_("That is not allowed here ({code})."),
    "invalid": counted(
        "count", "{count} thing has to be put right first.", "{count} things have to be put right first."
    ),
    "not_found": N_("What you asked for was not found."),
    "conflict": N_("Somebody changed this meanwhile. Look at it again and repeat what you wanted to do."),
    "forbidden": N_("You may not do this. Sign on, or ask somebody who may."),
    "bad_input": N_("This could not be read. Check what was typed and try again."),
    "internal": N_("That did not work because of a fault in the till. Look at the sale, then try again."),
    "alarm.unknown": N_("This alarm is not known here."),
    "alarm.seen": N_("Somebody has seen this alarm already."),
    "amount.too_large": N_("That amount is too large. Check what was typed."),
    "bad_input.field": N_("“{field}” is missing or cannot be read. Check it and try again."),
    "body.unknown": N_(
        "Entries of the kind {kind}, version {version}, are not known here. A newer program reads them."
    ),
    "body.control_characters": N_("An entry of the kind {kind} contains characters that no text has."),
    "body.out_of_bounds": N_("An entry of the kind {kind} says what cannot be: {where}."),
    "body.unreadable": N_("An entry of the kind {kind} is not of its form: {where}."),
    "clock.not_suspect": N_("The clock is already confirmed."),
    "code.ambiguous": N_("Several items have the code {code}. Choose the right one."),
    "code.other_currency": N_("The label {code} has its price in another currency. Nothing was added."),
    "code.unknown": N_("{code} is not known here. Nothing was added."),
    "command.reused": N_("This was already done with other content. Look at the sale and try again."),
    "coupon.taken": N_("The coupon {code} was taken already."),
    "coupon.unknown": N_("This coupon is not on the sale."),
    "discount.shares": N_("A discount does not add up over the lines. The sale is as it was."),
    "item.changed": N_(
        "This item was changed on this till's disk: its price is not as head office sent it. Nothing was added; the "
        "catalogue is fetched anew."
    ),
    "item.unknown": N_("This item is no longer in the catalogue. Nothing was added."),
    "mail.address": N_("“{address}” is no e-mail address. Check what was typed."),
    "mail.away": N_("The mail server did not take it: {reason}. It is tried again."),
    "mail.refused": N_("{address} does not take this e-mail. The mail server says: {answer}"),
    "mail.subject": N_("A subject is one line of at most 250 characters."),
    "reader.lags": N_("“{reader}” has not seen what has happened since {since}."),
    "reader.unknown": N_("There is no reader “{reader}”."),
    "registry.changed": N_(
        "What head office sent was changed on this till's disk ({count} in all). It is not used, and fetched anew. "
        "Head office is told."
    ),
    "job.again": N_("That did not work this time. It is tried again."),
    "job.cancelled": N_("Somebody stopped this job."),
    "job.ended": N_("This job has ended already."),
    "job.fault": N_("That did not work because of a fault ({fault}). The log says more."),
    "job.file_gone": N_("This file is not here any more. Have it made again."),
    "job.lost": N_("Another process has taken this job over."),
    "job.tries": N_("The server was stopped in the middle of it, every time it was tried."),
    "job.unknown": N_("This job is not known here."),
    "label.zero": N_(
        "The label of {name} says zero. Nothing was added: weigh it again, or choose the item and type the quantity."
    ),
    "language.unknown": N_("This language is not available."),
    "ledger.changed": N_(
        "Entry {seq} of this till's ledger was changed on its disk ({count} in all). Nothing is signed over it: the Z "
        "waits. Tell head office; somebody who may can close the session without it."
    ),
    "ledger.numbers_missing": counted(
        "count",
        "{count} numbered document after number {after} is gone from this till's disk. Head office is told.",
        "{count} numbered documents after number {after} are gone from this till's disk. Head office is told.",
    ),
    "ledger.rows_changed": counted(
        "count",
        "{count} row beside this till's ledger did not say what was signed: it was put right from it. Head office is "
        "told.",
        "{count} rows beside this till's ledger did not say what was signed: they were put right from it. Head office "
        "is told.",
    ),
    "ledger.rows_at_odds": N_(
        "Rows on this till's disk were changed and contradict what is to be written. The sale is as it was. Tell head "
        "office and call support."
    ),
    "sale.rows_changed": N_(
        "Rows of the open sale were changed on this till's disk: they were written anew. Check its lines. Head office "
        "is told."
    ),
    "sale.rows_lost": N_(
        "The open sale was changed on this till's disk and cannot be read any more. Scan its goods again. Head office "
        "is told."
    ),
    "line.amount_stands": N_("The amount of this line stands as it came: remove the line or leave it."),
    "line.price_stands": N_("The price of this line stands as it was set."),
    "line.sum": N_("The amounts of a line do not add up. The sale is as it was."),
    "line.unknown": N_("This line is no longer in the sale."),
    "notice.unknown": N_("This message is gone already."),
    "number.too_many_decimals": N_("That number has too many decimals."),
    "number.unreadable": N_("That is not a number."),
    "operator.inactive": N_("This operator may no longer sell here."),
    "operator.none": N_("Nobody is signed on. Sign on first."),
    "operator.unknown": N_("This operator is not known here."),
    "paper.unknown": N_("There is no such print."),
    "approval.needed": N_("Somebody who may do this has to approve it."),
    "approval.no_right": N_("This operator may not approve that."),
    "approval.not_taken": N_("Nobody else can approve this."),
    "right.missing": N_("You may not do this here. Ask somebody who may."),
    "pin.asked_again": N_("The PIN was given again meanwhile: only the newest is checked."),
    "pin.wrong": N_("The PIN is not right. Try again."),
    "price.fixed": N_("This item has its own price; another one cannot be typed."),
    "price.missing": N_("This item has no price. Type its price."),
    "price.unreadable": N_("That is not a price."),
    "print.running": N_("It is being printed right now."),
    "print.unknown": N_("There is nothing such to print."),
    "printer.none": N_("This till has no printer. The sale is saved."),
    "quantity.too_large": N_("That quantity is too large. Check what was typed."),
    "quantity.zero": N_("A quantity cannot be zero: remove the line instead."),
    "receipt.none": N_("Nothing was sold on this till yet."),
    "receipt.unknown": N_("This till has no such receipt."),
    "replay.only": N_("This is possible only where old receipts are replayed."),
    "request.host": N_("This address is not one of the till's. Open the till by its own address."),
    "request.method": N_("This address does not take such a request."),
    "request.no_such_address": N_("There is nothing at this address."),
    "request.not_json": N_("The request is not readable JSON."),
    "request.origin": N_("Requests of other pages are refused."),
    "request.token": N_("The page lost its right to act. Load it again."),
    "token.scope": N_("This page may look and not act."),
    "request.too_large": N_("The request is too large."),
    "sale.another": N_("Another sale is on the screen now. Look at it and tap again."),
    "sale.already_settled": N_("The sale is paid already."),
    "sale.being_paid": N_("The sale is being paid. Take back what was given first, then change it."),
    "sale.no_lines": N_("There is nothing in the sale yet."),
    "sale.none": N_("No sale is open."),
    "sale.not_open": N_("This sale is no longer open. Look at the screen and go on."),
    "sale.not_settled": N_("The sale is not paid in full yet."),
    "sale.open": N_("A sale is still open. Finish it or void it first."),
    "sale.too_long": N_("A sale has at most {most} lines. Take payment for these first."),
    "sale.total_changed": N_("The sale changed meanwhile. Look at the new total and tap again."),
    "session.none": N_("No session is open. Open one first."),
    "session.open": N_("A session is open already."),
    "tender.approved": N_("This payment is approved already."),
    "tender.not_in_doubt": N_("The outcome of this payment is known."),
    "tender.waiting": N_("The card reader has not answered yet. Wait, or say what it did once it is asked in vain."),
    "attempt.cancelled": N_("The card reader was not asked."),
    "attempt.decided": N_("Somebody said what the card reader did."),
    "attempt.interrupted": N_("The till stopped before the card reader was asked. Nothing was taken."),
    "attempt.not_asked": N_("The card reader knows of no such payment. Nothing was taken."),
    "card.declined": N_("The card was declined. Nothing was taken."),
    "card_reader.unreachable": N_("The card reader is not connected. Nothing was taken."),
    "card_reader.no_answer": N_("The card reader does not answer. What it did is not known yet; it is asked again."),
    "card_reader.none": N_("This till has no such card reader. Nothing was taken."),
    "tender.more_than_due": N_("That is more than what is due, and change is given for cash only. Nothing was taken."),
    "tender.negative": N_("Money can be paid back only when the sale is to be paid back."),
    "tender.not_approved": N_("A payment is not approved yet. Nothing was issued."),
    "tender.type_unknown": N_("This means of payment is not offered here."),
    "tender.unknown": N_("This payment was taken back already."),
    "tender.zero": N_("Type an amount first."),
    "vat.no_rate": N_("The VAT code {code} has no rate for today. Head office has to add it."),
    "vat.unknown": N_("The VAT code of this item is missing. Head office has to add it."),
    "storage.failed": N_("Nothing was saved: the disk refused it. Call support."),
    "storage.damaged": N_("Nothing was saved: a file of the till is damaged. Delete nothing and call support."),
    "storage.full": N_("Nothing was saved: the disk is full. Free some space, then try again."),
    "device": N_("The device did not do what it was asked."),
    "device.unavailable": N_("The device is not connected. Nothing was sent to it."),
    "device.refused": N_("The device refused."),
    "device.outcome_unknown": N_("The device did not answer: it is not known whether it did what it was asked."),
    "drawer.not_opened": N_("The drawer did not open. Open it with its key, and look at the printer it hangs on."),
    "drawer.unknown": N_("It is not known whether the drawer opened. Look at it, and open it with its key if need be."),
    "scan.doubtful": N_("A code was not read for certain. Nothing was added: scan it again."),
    "printer.paper_out": N_("Printer out of paper. The sale is saved: change the roll and tap Print."),
    "printer.cover_open": N_("The printer's cover is open. The sale is saved: close it and tap Print."),
    "printer.offline": N_("The printer is off line. The sale is saved: switch the printer on and tap Print."),
    "printer.error": N_("The printer reports a fault. The sale is saved: look at the printer, then tap Print."),
    "sync": N_("Central did not answer as expected. Sales are kept here and sent later."),
    "sync.central_unreachable": N_("Central cannot be reached. Sales are kept here and sent later."),
    "sync.central_failed": N_("Central failed. Sales are kept here and sent later."),
    "sync.rejected": N_("Central refused an entry. It is kept; head office has to look at it."),
    "forbidden.sign_in": N_("Sign in first."),
    "forbidden.role": N_("You may not do this. Ask somebody who may."),
    "forbidden.company": N_("That belongs to another company."),
    "role.fixed": N_("This role may everything, and stays so. Make another one."),
    "role.had": N_("That role was given there already."),
    "role.in_use": counted(
        "count",
        "{count} person still has this role. Take it first.",
        "{count} people still have this role. Take it from them first.",
    ),
    "role.more": N_("That is more than you may do yourself. Ask somebody who may all of it."),
    "role.name": N_("A role needs a name in both languages, of at most {most} characters."),
    "role.not_had": N_("That role was not given there."),
    "role.right": N_("There is no right called {right}."),
    "role.unknown": N_("There is no such role here."),
    "role.yourself": N_("You have this role yourself: somebody else has to change what it may."),
    "user.shut_out": N_("Whoever asked for this may not come in any more."),
    "user.elsewhere": N_("This person may more than you, or works for other companies too. Ask who manages all of it."),
    "forbidden.shops": N_("All shops of the company share this: only who works for all of them changes it."),
    "record.gone": N_("This is not there any more."),
    "record.used": N_("It is still used by: {by}. Nothing was deleted."),
    "row.unknown": N_("This row is not one of this record any more. Load the page again."),
    "action.unknown": N_("That cannot be done here."),
    "bulk.many": N_("More than {most} at once are too many. Narrow the list; nothing was changed."),
    "bulk.nothing": N_("Nothing was chosen. Tick some rows first."),
    "undo.over": N_("It is too late to take this back. What was done stands."),
    "view.gone": N_("This view is not there any more."),
    "view.many": N_("There are {most} views of this list already. Forget one first."),
    "list.filter": N_("“{value}” cannot be filtered by."),
    "list.sort": N_("The list cannot be sorted by “{value}”."),
    "party.vat_number": N_("This is no VAT number: its check digit does not fit."),
    "party.fiscal_code": N_("This is no fiscal code: its check digit does not fit."),
    "party.recipient_code": N_("A recipient code has 7 letters and digits, 6 for a public office."),
    "party.pec": N_("This is no e-mail address."),
    "party.mail": N_("This is no e-mail address. Several are written with ; between them."),
    "party.iban": N_("This is no IBAN: its check digits do not fit."),
    "party.country": N_("A country is two letters, such as IT."),
    "calendar.closed": N_("This calendar works on no day near that one."),
    "category.cycle": N_("A category cannot be part of itself, nor of what is part of it."),
    "category.deep": N_("There are more than {most} categories one above the other. Take some out of between."),
    "customer.currency": N_("A currency is three letters, such as EUR."),
    "customer.month_day": N_("That month has no such day."),
    "customer.month_excluded": N_("Nothing falls due in that month either."),
    "customer.month_twice": N_("This month is there already."),
    "customer.not_sure": N_("Nothing was erased: tick that you are sure."),
    "customer.shares": N_("The shares add up to more than 100 %."),
    "document_type.delivery_type": N_("That type makes no delivery notes."),
    "document_type.invoice_type": N_("That type makes no invoices."),
    "document_type.makes": N_("Other types make this of theirs: what it makes has to stay."),
    "factory_calendar.ends": N_("These days end before they begin."),
    "factory_calendar.long": N_("These are more than {most} days at once."),
    "factory_calendar.week": N_("A week without a working day is no calendar."),
    "payment_solution.empty": N_("Nothing could be paid by terms without an instalment. Add one."),
    "payment_solution.shares": N_("The shares add up to {total} %, not to 100. Left empty, the parts are equal."),
    "payment_type.discounts": N_("It is either a discount on the lines or one on what is collected."),
    "pos_type.no_reason": N_("To take goods out of a warehouse takes a stock reason."),
    "pos_type.stock_reason": N_("This reason brings goods in. A sale takes them out."),
    "quick_key.two": N_("A key is an item or a category, not both."),
    "supplier.twin": N_("Another supplier has the VAT number {value}: it may be the same one."),
    "unit.chain": N_("A unit is counted in one that stands by itself."),
    "unit.factor": N_("Without a unit that it is counted in the factor is 1."),
    "customer.invoice_to_itself": N_("That is the customer itself: leave it empty."),
    "customer.lock_ends": N_("The lock ends before it begins."),
    "customer.two_proposed": N_("Only one destination is proposed."),
    "customer.twin": N_("Another customer has the VAT number {value}: it may be the same one."),
    "field.needed": N_("Fill this in."),
    "field.long": N_("At most {most} characters."),
    "field.many": N_("At most {most} of them."),
    "field.characters": N_("It contains characters that cannot be shown."),
    "field.number": N_("“{value}” is not a number."),
    "field.decimals": N_("“{value}” has more than {places} decimals."),
    "field.range": N_("It has to be between {least} and {most}."),
    "field.day": N_("“{value}” is not a date."),
    "field.choice": N_("Choose one of the list."),
    "field.unknown": N_("There is nothing of this name."),
    "field.several": N_("Several fit “{value}”: choose one."),
    "field.tick": N_("“{value}” is neither yes nor no."),
    "field.taken": N_("“{value}” is taken already."),
    "precondition.missing": N_("Say which version was read (If-Match), so that nobody's change is overwritten."),
    "precondition.stale": N_("Somebody saved this since it was read. Nothing was changed: read it again."),
    "request.reused": N_("This Idempotency-Key was used for another request. Nothing was changed."),
    "forbidden.origin": N_("The request came from another site and was refused."),
    "forbidden.form": N_("This page is too old to be sent. Nothing was changed: load it again and repeat."),
    "sign_in.needed": N_("Sign in first."),
    "sign_in.wrong": N_("Name or password is not right."),
    "sign_in.wait": counted(
        "wait_s",
        "Too many attempts. Wait {wait_s} second, then try again.",
        "Too many attempts. Wait {wait_s} seconds, then try again.",
    ),
    "sign_in.code_needed": N_("One more step: a code is asked for."),
    "sign_in.over": N_("That took too long. Sign in again."),
    "code.wrong": N_(
        "That code is not right. There is another one every half minute; the clock of the phone has to be right."
    ),
    "code.used": N_("That code was used before. Wait for the next one, half a minute at most."),
    "code.unreadable": N_(
        "Central cannot read what your codes are made of. Use a recovery code, or ask whoever manages the users."
    ),
    "second_step.begin_again": N_("That took too long. Begin again."),
    "second_step.none": N_("This user signs in with the password alone."),
    "second_step.required": N_("Your roles or your company ask for a code. Nothing was changed."),
    "password.wrong": N_("The password until now is not right. Nothing was changed."),
    "password.length": N_("A password has {least} to {most} characters."),
    "password.common": N_(
        "That password is soon guessed: it is made of common words, names, dates or rows of keys. Nothing was changed."
        " Take three or four words that do not belong together."
    ),
    "pin.form": N_("A PIN has {least} to {most} digits."),
    "pin.simple": N_("One digit repeated, or digits in a row, is guessed first. Choose another PIN."),
    "user.exists": N_("Somebody signs in as {name} already."),
    "user.name": N_("That name cannot be used to sign in."),
    "user.language": N_("This language is not available."),
    "user.yourself": N_("You cannot change your own rights. Ask another administrator."),
    "user.unknown": N_("This user does not exist."),
    "session.unknown": N_("This session has ended already."),
    "token.unknown": N_("This key does not exist."),
    "token.days": N_("A key holds for 1 to {most} days."),
    "token.name": N_("Say what the key is for."),
    "page.cursor": N_("This address does not lead to a page of the list. Start again from the list."),
    "page.sort": N_("The list cannot be sorted that way."),
    "date.unreadable": N_("{value} is not a day."),
    "api.body": N_("“{field}” is not right: {fault}"),
    "api.query": N_("“{field}” is not right: {fault}"),
    "company.exists": N_("A company with the tax number {tax_id} is there already. Nothing was made."),
    "company.unknown": N_("There is no such company."),
    "company.form": N_("Name, tax number and a country of two letters are needed."),
    "company.currency": N_("The currency of a company stays: its documents are in it."),
    "shop.unknown": N_("There is no such shop."),
    "shop.form": N_("The time zone {zone} or the time of day {cut_off} does not exist."),
    "shop.languages": N_("Of {languages} some are not available."),
    "till.unknown": N_("There is no such till."),
    "till.form": N_("A till needs a name, and a code of one to six letters and digits."),
    "till.code_taken": N_("Another till has the code {code}."),
    "till_settings.unknown": N_("This shop has no till settings yet."),
    "till_settings.cash_step": N_("Cash is rounded to 1 to 100 cents. Nothing was saved."),
    "till_settings.layout": N_("At most {lines} lines of {width} characters fit. Nothing was saved."),
    "resolve.note": N_("Write the reason: whoever looks at it later needs it."),
    "resolve.done": N_("Somebody has decided this already."),
    "resolve.act": N_("That cannot be decided here."),
    "entry.unknown": N_("There is no such entry."),
    "set_aside.still": N_("The entry cannot be counted as it is ({reason}). It stays set aside."),
    "sale.unknown": N_("There is no such sale."),
    "sale.which": N_("Several tills have a sale with this id: say which till's."),
    "item.gone": N_("This item does not exist any more."),
    "item.sku": N_("An item needs an article number of at most 64 characters."),
    "item.sku_taken": N_("Another item has the article number {sku}."),
    "item.name": N_("An item needs a name of at most 200 characters."),
    "item.unit": N_("The unit {unit} is not known."),
    "item.codes": N_("The codes are too many, too long or twice the same."),
    "item.price_negative": N_("A price cannot be negative."),
    "price.ambiguous": N_("{value} can be {small} or {large}: write one of them. Nothing was saved."),
    "item.vat_unknown": N_("There is no VAT code {code}."),
    "operator.gone": N_("This operator does not exist any more."),
    "operator.shop": N_("Choose the shop where the operator sells. Nothing was saved."),
    "operator.rights": N_("There is no right “{right}”. Nothing was saved."),
    "operator.name": N_("An operator needs a name of at most 60 characters."),
    "vat.gone": N_("This VAT code does not exist any more. Nothing was saved."),
    "tender_type.reader": N_("Cash goes through no card reader."),
    "version.missing": N_(
        "Say which version was changed: read it again, then send it with its version. Nothing was saved."
    ),
    "version.stale": N_(
        "Somebody saved this meanwhile. Nothing of yours was saved: look at what stands now, then save again."
    ),
    "vat.form": N_("A VAT code needs a code of at most 16 characters, a name and a treatment."),
    "vat.code_taken": N_("Another VAT code is called {code}."),
    "vat.rates": N_("At least one rate from 0 to 100 is needed, each from a day of its own."),
    "vat.rates_form": N_("“{line}” is not a day and a percent."),
    "import.no_file": N_("There is no file {file}."),
    "import.too_large": N_("{file} is larger than {most_mb} MB. Nothing was imported: split it."),
    "import.empty": N_("{file} is empty. Nothing was imported."),
    "import.not_xlsx": N_("{file} is not a readable XLSX table. Nothing was imported: save it as XLSX or CSV."),
    "import.bomb": N_("{file} grows too large when it is unpacked. Nothing was imported."),
    "import.gzip": N_("{file} is a damaged gzip file. Nothing was imported."),
    "import.encoding": N_(
        "Row {row} of {file} is not {encoding}. Nothing was imported: save it as UTF-8, or try --encoding windows-1252."
    ),
    "import.csv": N_("Row {row} of {file} is not readable CSV. Nothing was imported."),
    "import.field": N_("There is no field {field}; there are {fields}."),
    "import.column": N_("There is no column {column}; there are {columns}."),
    "import.columns_missing": N_(
        "A column with codes or article numbers and one with names are needed; there are {columns}. Use --map."
    ),
    "import.none": N_("Choose a file. Nothing was imported."),
    "import.gone": N_("This file is not there any more: files are kept for a week. Hand it in again."),
    "import.mapping": N_("The mapping file is not right at {field}: {fault}"),
    "import.two_ways": N_("These rows stand beside each other and below each other: choose one of both."),
    "import.match": N_("Choose the column by which a record is known again."),
    "import.not_tried": N_("Try the file out first: nothing is loaded before it was seen what would change."),
    "import.double": N_("Line {first} has the same already."),
    "import.orphan": N_("This line only adds rows to a record, and stands behind no line of it."),
    "import.adds": N_("is new"),
    "import.changes": N_("would change: {changes}"),
    "import.one_value": counted(
        "count", "{count} row has a value here, the same as all.", "All {count} rows have the same value."
    ),
    "import.none_given": counted(
        "count", "{count} new record has nothing here.", "None of {count} new records has anything here."
    ),
    "import.off": counted(
        "count",
        "{count} number is {factor} times what it was, or a fraction of it.",
        "{count} numbers are {factor} times what they were, or a fraction of it.",
    ),
    "import.was_number": counted(
        "count",
        "{count} cell is a number in the workbook: leading zeros may be lost.",
        "{count} cells are numbers in the workbook: leading zeros may be lost.",
    ),
    "import.map": N_("“{text}” does not name a field and its column, such as price=Prezzo."),
    "import.vat_option": N_("There is no VAT code {vat}; there are {codes}."),
    "import.decimal_mark": N_("“{mark}” is no decimal mark: it is . or ,"),
    "import.running": N_("Items are being imported right now. Nothing of yours was saved: try again in a minute."),
    "import.strict": counted(
        "errors",
        "{errors} row is in error. Nothing was imported, because the import is strict.",
        "{errors} rows are in error. Nothing was imported, because the import is strict.",
    ),
    "row.no_code": N_("has neither a code nor an article number"),
    "row.no_name": N_("has no name"),
    "row.name_too_long": N_("has a name of more than {most} characters"),
    "row.code_too_long": N_("has a code that is too long: {code}…"),
    "row.too_many_codes": N_("has more than {most} codes"),
    "row.too_many_cells": N_("has more cells than the table has columns"),
    "row.price": N_("has a price that cannot be read: {price}"),
    "row.price_ambiguous": N_("has the price {value}, which can be {small} or {large}; say it with --decimal . or ,"),
    "row.unit": N_("has the unit {unit}; there are {units}"),
    "row.rank": N_("has a rank that is not a whole number: {rank}"),
    "row.vat_missing": N_("has no VAT; give --vat for rows without it"),
    "row.vat_unknown": N_("has the VAT {vat}; there are {codes}"),
    "row.duplicate_code": N_("has {code}, which row {first} has already"),
    "row.differs": N_("says something else of the item {sku} than row {first}"),
    "row.repeated": N_("says the same as row {first}"),
    "row.code_taken": N_("has {code}, which belongs to the item {sku}"),
    "code.check_digit": N_("imported, but the check digit of {code} is wrong"),
    "code.was_number": N_("imported, but {code} was a number in the table: leading zeros may be lost"),
    "price.rounded": N_("imported, but the computed price {price} was rounded to {rounded}"),
    "text.damaged": N_("imported, but the name has damaged characters"),
    "method": N_("This address does not take such a request."),
    "too_large": N_("The request is too large."),
    "storage.restored": N_(
        "This database was restored from a dump: its change feed still counts as the old one did."
        " Run central feed new-epoch, then start: every till takes everything anew."
    ),
    "storage.newer_schema": N_("The database is of a newer version. Start the newer program."),
    "config.missing": N_("The settings file {path} cannot be read: {reason}."),
    "config.wrong": N_("The settings file {path} is wrong at {place}: {reason}."),
}

ERROR_TEXTS |= FAULT_TEXTS

# Said instead where a number of a document is known: people know no entries.
NUMBERED_TEXTS: dict[str, str] = {
    "ledger.damaged": N_(
        "The ledger is damaged: receipt {number} of {day} does not hold. Delete nothing and call support; what central "
        "has acknowledged is safe there."
    ),
    "ledger.changed": N_(
        "Receipt {number} of {day} was changed on this till's disk ({count} in all). Nothing is signed over it: the Z "
        "waits. Tell head office; somebody who may can close the session without it."
    ),
}


def error_text(translator: Translator, error: PosError) -> str:
    """Put an error into a person's language; a code without a sentence falls back to its class's."""
    msgid = sentence_of(error.code, error.values) or ERROR_TEXTS.get(error.default_code) or UNKNOWN_CODE
    return translator.say(msgid, {"code": error.code, **shown_values(translator, error.values)})


def sentence_of(code: str, values: Mapping[str, object]) -> str | None:
    """Return the message id for a code and what is known of it, None where the code has no sentence."""
    return (NUMBERED_TEXTS.get(code) if values.get("number") else None) or ERROR_TEXTS.get(code)


def shown_values(translator: Translator, values: Mapping[str, object]) -> dict[str, object]:
    """Write days, and numbers with decimals, as people do: they can be typed as they are read."""
    return {name: _shown(translator, value) for name, value in values.items()}


def _shown(translator: Translator, value: object) -> object:
    if not isinstance(value, Decimal | date):
        return value
    from commerce.texts.formats import formats  # Babel takes its time, and hardly any refusal needs it

    words = formats(translator.language)
    return words.day(value) if isinstance(value, date) else f"{value:f}".replace(".", words.decimal)
