"""Roles that people edit, and who has which of them where; what used to be fixed becomes the first three."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MADE = "2026-11-24T00:00:00.000000Z"
_SEEN = ["customers.see", "items.see", "operators.see", "sales.see", "settings.see", "tills.see"]
_MANAGED = ["audit.see", "companies.edit", "customers.edit", "items.edit", "jobs.manage", "operators.edit",
            "settings.edit", "tills.approve", "tills.manage"]  # fmt: skip
_ROLES: tuple[tuple[str, dict[str, str], bool, list[str]], ...] = (
    ("admin", {"it": "Amministrazione", "en": "Administrator"}, True, []),
    ("manager", {"it": "Responsabile", "en": "Manager"}, False, sorted([*_SEEN, *_MANAGED])),
    ("viewer", {"it": "Sola lettura", "en": "Look only"}, False, _SEEN),
)


def upgrade() -> None:
    """Create the tables, fill in the standard roles, and give everybody the one they had."""
    op.create_table(
        "role",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=True),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("everything", sa.Boolean(), nullable=False),
        sa.Column("rights", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_role"),
    )
    op.create_table(
        "user_role",
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["app_user.id"], name="fk_user_role_user"),
        sa.ForeignKeyConstraint(["role"], ["role.id"], name="fk_user_role_role"),
        sa.PrimaryKeyConstraint("user", "role", "company", "shop", name="pk_user_role"),
    )
    op.create_index("ix_user_role_role", "user_role", ["role"], unique=False)
    op.create_index("ix_user_role_company", "user_role", ["company", "user"], unique=False)
    _fill()
    op.drop_column("app_user", "role")


def _fill() -> None:
    texts = (sa.column(name, sa.Text()) for name in ("id", "names", "rights", "created_at"))
    table = sa.table("role", *texts, sa.column("everything", sa.Boolean()), sa.column("version", sa.Integer()))
    for key, names, everything, rights in _ROLES:
        row = {"id": key, "names": json.dumps(names), "everything": everything, "rights": json.dumps(rights)}
        op.execute(table.insert().values(**row, version=1, created_at=_MADE))
    op.execute(
        "INSERT INTO user_role (\"user\", role, company, shop) SELECT id, role, COALESCE(company, ''), '' FROM app_user"
    )
