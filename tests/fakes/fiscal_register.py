"""The fiscal register for tests is the one that the till offers for training: same contract, same memory on disk."""

from terminal.devices.fiscal_register.fake import FakeFiscalRegister, FiscalFault, RegisteredDocument

__all__ = ["FakeFiscalRegister", "FiscalFault", "RegisteredDocument"]
