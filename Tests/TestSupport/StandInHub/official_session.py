"""The official client's session with the stand-in Hub: every step must end as with the Hub itself.

    HF_ENDPOINT=http://127.0.0.1:PORT python3 official_session.py
"""

import hashlib, json, os, random, tempfile, urllib.request

os.environ["HF_HUB_DISABLE_XET"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HOME"] = tempfile.mkdtemp()

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, __version__
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

endpoint = os.environ["HF_ENDPOINT"]
api = HfApi(endpoint=endpoint, token="hf_write_token_for_tests")
reader = HfApi(endpoint=endpoint, token="hf_read_token_for_tests")
stranger = HfApi(endpoint=endpoint, token="hf_other_token_for_tests")
repo, kind = "alice/session", {"repo_type": "dataset"}
random.seed(7)
steps = 0


def done(what):
    global steps
    steps += 1
    print(f"ok {steps} {what}")


def stub(what, value):
    request = urllib.request.Request(f"{endpoint}/_stub/{what}", json.dumps(value).encode(), method="POST")
    urllib.request.urlopen(request).read()


def fails(error, work, status=None):
    try:
        work()
    except error as caught:
        assert status is None or caught.response.status_code == status, caught
        return
    raise AssertionError(f"{error.__name__} was expected")


assert api.whoami()["name"] == "alice"
fails(HfHubHTTPError, lambda: HfApi(endpoint=endpoint, token="hf_wrong").whoami(), 401)
done("whoami")
fails(RepositoryNotFoundError, lambda: api.repo_info(repo, **kind))
api.create_repo(repo, private=True, **kind)
fails(HfHubHTTPError, lambda: api.create_repo(repo, private=True, **kind), 409)
api.create_repo(repo, private=True, exist_ok=True, **kind)
assert api.repo_info(repo, **kind).private
done("create, create again, create where it exists")
api.auth_check(repo, **kind)
api.auth_check(repo, write=True, **kind)
fails(HfHubHTTPError, lambda: reader.auth_check(repo, write=True, **kind))
fails(RepositoryNotFoundError, lambda: stranger.auth_check(repo, **kind))
done("may read, may write, may not")

small, large = random.randbytes(200_000), random.randbytes(25_000_000)
api.upload_file(path_or_fileobj=small, path_in_repo="latest_backup.tar.gz", repo_id=repo, **kind)
text = hashlib.sha256(small).hexdigest().encode()
api.upload_file(path_or_fileobj=text, path_in_repo="latest_backup.sha256", repo_id=repo, **kind)
assert open(api.hf_hub_download(repo, "latest_backup.tar.gz", **kind), "rb").read() == small
assert open(api.hf_hub_download(repo, "latest_backup.sha256", **kind), "rb").read() == text
done("a large and a small file, up and down")
before = api.repo_info(repo, **kind).sha
api.upload_file(path_or_fileobj=small, path_in_repo="latest_backup.tar.gz", repo_id=repo, **kind)
assert api.repo_info(repo, **kind).sha == before
done("unchanged content makes no commit")
api.upload_file(path_or_fileobj=large, path_in_repo="large.bin", repo_id=repo, **kind)
assert hashlib.sha256(open(api.hf_hub_download(repo, "large.bin", **kind), "rb").read()).digest() == hashlib.sha256(large).digest()
done("multipart upload")
stub("config", {"relative_redirect": True})
assert open(api.hf_hub_download(repo, "latest_backup.sha256", revision=api.repo_info(repo, **kind).sha, **kind), "rb").read() == text
stub("config", {"relative_redirect": False})
done("a redirect within the Hub")

head = api.repo_info(repo, **kind).sha
commit = api.create_commit(
    repo, [CommitOperationAdd("a.txt", b"a"), CommitOperationAdd("b.bin", b"b" * 1000), CommitOperationDelete("large.bin")], commit_message="three at once",
    commit_description="words", parent_commit=head, **kind)
fails(HfHubHTTPError, lambda: api.create_commit(repo, [CommitOperationAdd("c.txt", b"c")], commit_message="late", parent_commit=head, **kind), 412)
done("one commit for several files, a stale parent refused")
fails(EntryNotFoundError, lambda: api.hf_hub_download(repo, "large.bin", **kind))
fails(RevisionNotFoundError, lambda: api.hf_hub_download(repo, "a.txt", revision="nobranch", **kind))
done("no such file, no such revision")
listing = {item.path: item for item in api.list_repo_tree(repo, recursive=True, **kind)}
assert listing["latest_backup.tar.gz"].lfs.sha256 == hashlib.sha256(small).hexdigest()
stub("config", {"page_size": 2})
assert {item.path for item in api.list_repo_tree(repo, recursive=True, **kind)} == set(listing)
assert [c.commit_id for c in api.list_repo_commits(repo, **kind)][0] == commit.oid
assert len(api.list_repo_commits(repo, **kind)) == 5
stub("config", {"page_size": 1000})
assert {info.path for info in api.get_paths_info(repo, ["a.txt", "nope"], **kind)} == {"a.txt"}
done("tree, commits, paths, page by page")
api.create_branch(repo, branch="folders", **kind)
api.upload_file(path_or_fileobj=b"deep", path_in_repo="backup/old/deep.txt", revision="folders", repo_id=repo, **kind)
shown = {item.path: type(item).__name__ for item in api.list_repo_tree(repo, revision="folders", **kind)}
assert shown["backup"] == "RepoFolder" and shown["a.txt"] == "RepoFile" and "backup/old/deep.txt" not in shown
assert [item.path for item in api.list_repo_tree(repo, "backup", revision="folders", **kind)] == ["backup/old"]
shown = {item.path for item in api.list_repo_tree(repo, revision="folders", recursive=True, **kind)}
assert {"backup", "backup/old", "backup/old/deep.txt", "a.txt"} <= shown
api.delete_branch(repo, branch="folders", **kind)
done("what lies in folders is listed only when asked for")
api.create_branch(repo, branch="scratch", **kind)
api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", revision="scratch", repo_id=repo, **kind)
assert {b.name for b in api.list_repo_refs(repo, **kind).branches} == {"main", "scratch"}
api.delete_branch(repo, branch="scratch", **kind)
assert api.repo_info(repo, **kind).sha == commit.oid
done("a branch of its own")
objects = list(api.list_lfs_files(repo, **kind))
assert {o.filename for o in objects} == {"latest_backup.tar.gz", "large.bin", "b.bin"}
api.permanently_delete_lfs_files(repo, [o for o in objects if o.filename == "large.bin"], rewrite_history=False, **kind)
assert "large.bin" not in {o.filename for o in api.list_lfs_files(repo, **kind)}
api.super_squash_history(repo, **kind)
assert len(api.list_repo_commits(repo, **kind)) == 1
assert open(api.hf_hub_download(repo, "a.txt", **kind), "rb").read() == b"a"
done("large objects deleted, history squashed")

for kind_of_fault, match in [("429_rate", "preupload"), ("503", "preupload"), ("cut", "objects/batch"), ("refuse", "PUT ")]:
    stub("faults", [{"kind": kind_of_fault, "match": match}])
    data = random.randbytes(50_000)
    api.upload_file(path_or_fileobj=data, path_in_repo="f.bin", repo_id=repo, **kind)
    assert open(api.hf_hub_download(repo, "f.bin", **kind), "rb").read() == data
done("faults that the client lives through")
stub("faults", [{"kind": "503_after", "match": "/commit/"}])
fails(HfHubHTTPError, lambda: api.upload_file(path_or_fileobj=b"late", path_in_repo="late.txt", repo_id=repo, **kind), 503)
assert open(api.hf_hub_download(repo, "late.txt", **kind), "rb").read() == b"late"
done("a commit that lands though its answer says no")
stub("faults", [{"kind": "cut", "match": "GET /cdn/"}])
api.upload_file(path_or_fileobj=large, path_in_repo="large.bin", repo_id=repo, **kind)
assert open(api.hf_hub_download(repo, "large.bin", **kind), "rb").read() == large
done("a download that is cut and goes on where it was")
api.delete_repo(repo, **kind)
fails(RepositoryNotFoundError, lambda: api.repo_info(repo, **kind))
done("delete")
print(f"huggingface_hub {__version__}: all {steps} steps passed")
