"""What a Python team would build: Starlette, Strawberry, SQLAlchemy 2 async over asyncpg, DataLoaders."""
