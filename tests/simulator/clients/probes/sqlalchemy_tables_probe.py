"""sqlalchemy-iris and sqlalchemy-intersystems-iris: tables of one's own, by Core and ORM, and rollbacks."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from importlib import import_module
from typing import Any

from tests.simulator.clients.probes.report import Server, run

sa: Any = import_module("sqlalchemy")
orm: Any = import_module("sqlalchemy.orm")


def probe(server: Server) -> dict[str, Callable[[], Any]]:
    engine = sa.create_engine(
        sa.URL.create(
            "iris",
            username=server.user,
            password=server.password,
            host="127.0.0.1",
            port=server.port,
            database="USER",
        )
    )
    base: Any = orm.declarative_base()

    class Author(base):  # type: ignore[misc]
        __tablename__ = "probe_author"
        id = sa.Column(sa.Integer, primary_key=True)
        name = sa.Column(sa.String(40), nullable=False, unique=True)
        books = orm.relationship("Book", back_populates="author", cascade="all, delete-orphan")

    class Book(base):  # type: ignore[misc]
        __tablename__ = "probe_book"
        id = sa.Column(sa.Integer, primary_key=True)
        title = sa.Column(sa.String(100), index=True)
        price = sa.Column(sa.Numeric(10, 2))
        stars = sa.Column(sa.Float)
        sold = sa.Column(sa.Boolean)
        published = sa.Column(sa.Date)
        opened = sa.Column(sa.Time)
        changed = sa.Column(sa.DateTime)
        cover = sa.Column(sa.LargeBinary(50))
        author_id = sa.Column(sa.Integer, sa.ForeignKey("probe_author.id"))
        author = orm.relationship("Author", back_populates="books")

    moment = datetime.datetime(2026, 3, 1, 12, 30, 15, 250000)  # noqa: DTZ001 - the column has no zone

    def create() -> Any:
        base.metadata.drop_all(engine)
        base.metadata.create_all(engine)
        return sorted(sa.inspect(engine).get_table_names())

    def core() -> Any:
        table = Author.__table__
        with engine.begin() as connection:
            connection.execute(sa.insert(table), [{"name": "Ito"}, {"name": "Lund"}])
            connection.execute(sa.update(table).where(table.c.name == "Lund").values(name="Lindt"))
        with engine.connect() as connection:
            return [list(row) for row in connection.execute(sa.select(table).order_by(table.c.name))]

    def saved() -> Any:
        with orm.Session(engine) as session:
            author = Author(name="Diaz")
            author.books.append(
                Book(
                    title="Wards",
                    price=Decimal("12.50"),
                    stars=4.5,
                    sold=True,
                    published=moment.date(),
                    opened=moment.time(),
                    changed=moment,
                    cover=b"\x00\xff\x01",
                )
            )
            session.add(author)
            session.commit()
            session.expunge_all()
            book = session.scalars(sa.select(Book).join(Author).where(Author.name == "Diaz")).one()
            exact = (
                book.published == moment.date(),
                book.opened == moment.time(),
                book.changed == moment,
                bytes(book.cover) == b"\x00\xff\x01",
            )
            return [book.title, book.price, book.stars, book.sold, *exact, book.author.name]

    def deleted() -> Any:
        with orm.Session(engine) as session:
            session.delete(session.scalars(sa.select(Author).where(Author.name == "Diaz")).one())
            session.commit()
            return session.scalar(sa.select(sa.func.count()).select_from(Book))

    def rolled_back() -> Any:
        with orm.Session(engine) as session:
            session.add(Author(name="Nobody"))
            session.flush()
            inside = session.scalar(sa.select(sa.func.count()).select_from(Author))
            session.rollback()
            return inside, session.scalar(sa.select(sa.func.count()).select_from(Author))

    def savepoint() -> Any:
        with orm.Session(engine) as session:
            nested = session.begin_nested()
            session.add(Author(name="Nested"))
            session.flush()
            nested.rollback()
            session.add(Author(name="Outer"))
            session.commit()
            names = sa.select(Author.name).where(Author.name.in_(["Nested", "Outer"]))
            return list(session.scalars(names))

    def paged() -> Any:
        query = sa.select(Author.name).order_by(Author.name)
        with orm.Session(engine) as session:
            pages = (query.limit(1), query.limit(1).offset(1), query.offset(2))
            return [list(session.scalars(page)) for page in pages]

    def duplicate() -> Any:
        with orm.Session(engine) as session:
            session.add(Author(name="ITO"))
            session.commit()

    def reflected() -> Any:
        inspector = sa.inspect(engine)
        keys = [
            (key["constrained_columns"], key["referred_table"], key["referred_columns"])
            for key in inspector.get_foreign_keys("probe_book")
        ]
        columns = {each["name"]: str(each["type"]) for each in inspector.get_columns("probe_book")}
        primary = inspector.get_pk_constraint("probe_book")["constrained_columns"]
        indexes = sorted(each["name"] for each in inspector.get_indexes("probe_book"))
        return keys, columns, primary, indexes

    def dropped() -> Any:
        base.metadata.drop_all(engine)
        return [name for name in sa.inspect(engine).get_table_names() if name.startswith("probe_")]

    return {
        "create": create,
        "core": core,
        "saved": saved,
        "deleted": deleted,
        "rolled back": rolled_back,
        "savepoint": savepoint,
        "paged": paged,
        "duplicate": duplicate,
        "reflected": reflected,
        "dropped": dropped,
    }


if __name__ == "__main__":
    run(probe)
