"""The tree that is backed up, and what changes in it: the same each time."""
import os
import random
import sqlite3

FILES = 5000
DATABASES = 20
BLOBS = 12


class Tree:
    """5,000 small files, 20 databases of which every second is open in WAL mode, blobs that no compression makes shorter, and logs."""

    def __init__(self, root, size):
        self.root = root
        self.random = random.Random(11)
        self.words = [self.random.randbytes(self.random.randint(2, 7)).hex() for _ in range(4000)]
        self.time = 1_790_000_000
        self.open = []
        for folder in ("files", "db", "blobs", "logs"):
            os.makedirs(f"{root}/{folder}")
        for index in range(FILES):
            self.write_file(index)
        for index in range(DATABASES):
            self.make_database(index, size // 4)
        for index in range(BLOBS):
            with open(f"{root}/blobs/{index}.bin", "wb") as file:
                file.write(self.random.randbytes(size * 7 // 20 // BLOBS))
        self.logs = 0
        while (rest := size - self.bytes()) > 0:
            self.append(f"{root}/logs/{self.logs}.log", min(rest, 24 << 20))
            self.logs += 1

    def bytes(self):
        return sum(os.path.getsize(f"{folder}/{name}") for folder, _, names in os.walk(self.root) for name in names)

    def text(self, count):
        return " ".join(self.random.choices(self.words, k=count))

    def write_file(self, index):
        os.makedirs(f"{self.root}/files/{index % 50:02}", exist_ok=True)
        with open(f"{self.root}/files/{index % 50:02}/{index}.json", "w") as file:
            file.write(self.text(self.random.randint(20, 600)))

    def make_database(self, index, size):
        database = sqlite3.connect(f"{self.root}/db/{index}.db")
        database.execute(f"pragma journal_mode = {'wal' if index % 2 else 'delete'}")
        database.execute("create table entries (id integer primary key, name text, value blob, number real)")
        rows = size // DATABASES // 620
        database.executemany(
            "insert into entries (name, value, number) values (?, ?, ?)",
            ((self.text(20), self.random.randbytes(200), self.random.random()) for _ in range(rows)))
        database.execute("create index names on entries (name)")
        database.commit()
        # One that is open keeps its log.
        if index % 2:
            self.open.append(database)
        else:
            database.close()

    def append(self, path, count):
        written = 0
        with open(path, "a") as file:
            while written < count:
                self.time += self.random.randint(0, 9)
                line = f"{self.time} INFO request {self.random.getrandbits(32):08x} {self.text(8)} in {self.random.randint(1, 900)} ms\n"
                file.write(line)
                written += len(line)

    def change(self, share):
        """Changes about such a share of all bytes: files written anew, lines appended, rows of half of the databases, a stretch of a blob."""
        for index in self.random.sample(range(FILES), max(1, int(FILES * share))):
            self.write_file(index)
        for index in range(self.logs):
            path = f"{self.root}/logs/{index}.log"
            self.append(path, int(os.path.getsize(path) * share))
        for index in range(0, DATABASES, 2):
            database = sqlite3.connect(f"{self.root}/db/{index}.db")
            (rows,) = database.execute("select max(id) from entries").fetchone()
            count = max(1, int(rows * share))
            first = self.random.randint(1, rows - count)
            database.execute("update entries set value = randomblob(200) where id between ? and ?", (first, first + count))
            database.commit()
            database.close()
        path = f"{self.root}/blobs/0.bin"
        count = int(os.path.getsize(path) * BLOBS * share)
        with open(path, "r+b") as file:
            file.seek(self.random.randint(0, max(0, os.path.getsize(path) - count)))
            file.write(self.random.randbytes(count))
