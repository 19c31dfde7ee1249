"""The closed lists that name what stands in a ledger: kinds of entries, modes of chains, means of settling."""

from enum import StrEnum


class Kind(StrEnum):
    """The closed list of entry kinds; those that nothing writes yet have no body (``bodies.reading``)."""

    CHAIN_OPENED = "chain_opened"
    KEY_ROTATED = "key_rotated"
    CHECKPOINT = "checkpoint"
    CLOCK_CORRECTED = "clock_corrected"
    SETTING_APPLIED = "setting_applied"
    SESSION_OPENED = "session_opened"
    SESSION_CLOSED = "session_closed"
    OPERATOR_SIGNED_ON = "operator_signed_on"
    OPERATOR_SIGNED_OFF = "operator_signed_off"
    CASH_MOVED = "cash_moved"
    DRAWER_OPENED = "drawer_opened"
    SALE_COMPLETED = "sale_completed"
    SALE_VOIDED = "sale_voided"
    LINE_VOIDED = "line_voided"
    SALE_PARKED = "sale_parked"
    SALE_RECALLED = "sale_recalled"
    SALE_SPLIT = "sale_split"
    APPROVAL_GIVEN = "approval_given"
    DOCUMENT_ISSUED = "document_issued"
    DOCUMENT_REVISED = "document_revised"
    EFFECT_INTENDED = "effect_intended"
    EFFECT_SETTLED = "effect_settled"
    STOCK_COUNTED = "stock_counted"
    STOCK_REPORTED = "stock_reported"
    VALUE_MOVED = "value_moved"
    CUSTOMER_CREATED = "customer_created"
    CORRECTION = "correction"
    ALARM_RAISED = "alarm_raised"


class TenderKind(StrEnum):
    """What a tender type is, whatever the shop calls it."""

    CASH = "cash"
    CARD = "card"
    VOUCHER = "voucher"  # may be worth more than what is due; the excess is kept, not given back
    ON_ACCOUNT = "on_account"


class TenderState(StrEnum):
    """Whether a means of settling counts: a document holds approved ones only."""

    PENDING = "pending"
    APPROVED = "approved"
    UNKNOWN = "unknown"


class ChainMode(StrEnum):
    """What a chain is for. Only live chains of enrolled tills become sales."""

    LIVE = "live"
    TRAINING = "training"
    DEMO = "demo"
    REPLAY = "replay"
