"""A second step of signing in, who must take it, and from where keys were used last."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and add the columns."""
    _create_steps()
    _create_waiting()
    op.create_table(
        "second_step_rule",
        sa.Column("company", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("company", name="pk_second_step_rule"),
    )
    op.add_column("role", sa.Column("needs_step", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("app_user", sa.Column("mail", sa.Text(), nullable=True))
    for name in ("used_at", "used_from", "used_by"):
        op.add_column("api_token", sa.Column(name, sa.Text(), nullable=True))


def _create_steps() -> None:
    op.create_table(
        "second_step",
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.Text(), nullable=False),
        sa.Column("used_at", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["user"], ["app_user.id"], name="fk_second_step_user"),
        sa.PrimaryKeyConstraint("user", name="pk_second_step"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.Text(), nullable=False),
        sa.Column("used_at", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["user"], ["app_user.id"], name="fk_recovery_code_user"),
        sa.PrimaryKeyConstraint("user", "code_hash", name="pk_recovery_code"),
    )


def _create_waiting() -> None:
    op.create_table(
        "step_offer",
        sa.Column("holder", sa.LargeBinary(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["app_user.id"], name="fk_step_offer_user"),
        sa.PrimaryKeyConstraint("holder", name="pk_step_offer"),
    )
    op.create_table(
        "pending_sign_in",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("device", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["app_user.id"], name="fk_pending_sign_in_user"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_pending_sign_in"),
    )
    for table in ("step_offer", "pending_sign_in"):
        for column in ("user", "expires_at"):
            op.create_index(f"ix_{table}_{column}", table, [column], unique=False)
