"""Checks that Python's huggingface_hub and transformers, as they are installed, work against hub-server.

Started by hub.mjs, which serves an empty Hub and sets HF_ENDPOINT and HF_HOME. Needs the Python package huggingface_hub;
transformers is checked where it is installed.
"""

import importlib.util
import io
import json
import os
import pathlib
import random
import struct
import sys
import warnings

from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    HfApi,
    hf_hub_download,
    snapshot_download,
)
from huggingface_hub import __version__ as hub_version
from huggingface_hub.errors import (
    DisabledRepoError,
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

ENDPOINT = os.environ["HF_ENDPOINT"]
WORK = pathlib.Path(os.environ["HUBFUSE_PEERS_FOLDER"])
api = HfApi(token="hf_ana")
stranger = HfApi(token="hf_stranger")
reader = HfApi(token="hf_reader")


def expect(what, condition):
    if not condition:
        raise AssertionError(what)


def expect_error(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def safetensors(values):
    header = json.dumps({"w": {"dtype": "F32", "shape": [len(values)], "data_offsets": [0, 4 * len(values)]}}).encode()
    return struct.pack("<Q", len(header)) + header + struct.pack(f"<{len(values)}f", *values)


def accounts():
    expect("whoami", api.whoami()["name"] == "ana")
    expect_error(HfHubHTTPError, lambda: HfApi(token="hf_unknown").whoami())


def repositories():
    url = api.create_repo("ana/made", private=True)
    expect("url", str(url) == f"{ENDPOINT}/ana/made" and url.repo_id == "ana/made")
    api.create_repo("ana/made", exist_ok=True)
    expect_error(HfHubHTTPError, lambda: api.create_repo("ana/made"))
    expect_error(RepositoryNotFoundError, lambda: stranger.model_info("ana/made"))
    api.update_repo_settings("ana/made", private=False)
    expect("public", stranger.model_info("ana/made").private is False)
    api.move_repo("ana/made", "ana/renamed")
    expect("renamed", stranger.model_info("ana/made").id == "ana/renamed")
    api.delete_repo("ana/renamed")
    expect("deleted", not api.repo_exists("ana/renamed"))


def commits_and_files():
    repo = api.create_repo("ana/files").repo_id
    large = bytes(range(256)) * 20000
    operations = [
        CommitOperationAdd("README.md", b"---\nlicense: mit\ntags: [merge]\npipeline_tag: fill-mask\n---\n# Files\n"),
        CommitOperationAdd("model.safetensors", safetensors([1, 2, 3])),
        CommitOperationAdd("large.bin", large),
        CommitOperationAdd("old.txt", b"old"),
    ]
    done = api.create_commit(repo, operations, commit_message="First", commit_description="All of it")
    expect("commit url", done.commit_url == f"{ENDPOINT}/{repo}/commit/{done.oid}")
    stale = api.list_repo_commits(repo)[1].commit_id
    error = expect_error(
        HfHubHTTPError,
        lambda: api.create_commit(
            repo, [CommitOperationDelete("old.txt")], commit_message="Late", parent_commit=stale
        ),
    )
    expect("412", error.response.status_code == 412)
    api.create_commit(
        repo,
        [CommitOperationDelete("old.txt"), CommitOperationCopy("large.bin", "sub/copy.bin")],
        commit_message="Second",
    )
    expect(
        "files",
        sorted(api.list_repo_files(repo))
        == [".gitattributes", "README.md", "large.bin", "model.safetensors", "sub/copy.bin"],
    )
    expect("bytes", pathlib.Path(hf_hub_download(repo, "sub/copy.bin")).read_bytes() == large)
    expect("old revision", pathlib.Path(hf_hub_download(repo, "old.txt", revision=done.oid)).read_bytes() == b"old")
    api.upload_file(path_or_fileobj=io.BytesIO(large + b"more"), path_in_repo="more.bin", repo_id=repo)
    commits = api.list_repo_commits(repo)
    expect("history", [commit.title for commit in commits][1:] == ["Second", "First", "initial commit"])
    info = api.model_info(repo, files_metadata=True)
    sizes = {file.rfilename: file.size for file in info.siblings}
    expect("sizes", sizes["large.bin"] == len(large))
    expect("card", info.card_data.license == "mit" and info.pipeline_tag == "fill-mask" and "merge" in info.tags)
    expect("parameters", info.safetensors.total == 3)
    [entry] = api.get_paths_info(repo, ["large.bin", "absent"], expand=True)
    expect("last commit", entry.last_commit.title == "First" and entry.lfs.size == len(large))
    expect("metadata", api.get_safetensors_metadata(repo).parameter_count == {"F32": 3})
    expect_error(EntryNotFoundError, lambda: hf_hub_download(repo, "absent.json"))
    expect_error(RevisionNotFoundError, lambda: hf_hub_download(repo, "README.md", revision="absent"))
    expect_error(RepositoryNotFoundError, lambda: hf_hub_download("ana/absent", "README.md"))
    expect("found", "ana/files" in [model.id for model in api.list_models(search="files", filter="merge")])


def large_files():
    """Numbers as in weights, words, noise; then the same with a change in the middle, most of which is known by then."""
    repo = api.create_repo("ana/large").repo_id
    numbers = random.Random(1)
    weights = struct.pack("<500000f", *(numbers.gauss(0, 0.02) for _ in range(500_000)))
    words = " ".join(str(numbers.randrange(1000)) for _ in range(600_000)).encode()
    noise = numbers.randbytes(3_000_000)
    first = {"weights.safetensors": weights, "words.bin": words, "noise.onnx": noise}
    second = {path: content[:1_000_000] + b"changed" + content[1_000_000:] for path, content in first.items()}
    for title, files in (("First", first), ("Second", second), ("Third", first)):
        additions = [CommitOperationAdd(path, content) for path, content in files.items()]
        revision = api.create_commit(repo, additions, commit_message=title).oid
        for path, content in files.items():
            copy = pathlib.Path(hf_hub_download(repo, path, revision=revision))
            expect(f"{title} {path}", copy.read_bytes() == content)


def folders():
    folder = WORK / "folder"
    for number in range(12):
        (folder / "data").mkdir(parents=True, exist_ok=True)
        (folder / "data" / f"{number}.jsonl").write_text(f'{{"n": {number}}}\n')
    (folder / "weights.bin").write_bytes(os.urandom(300_000))
    repo = api.create_repo("ana/folder", repo_type="dataset").repo_id
    api.upload_folder(repo_id=repo, folder_path=folder, repo_type="dataset")
    # Once more, with nothing new: no file may travel and nothing may break.
    api.upload_folder(repo_id=repo, folder_path=folder, repo_type="dataset")
    api.upload_folder(
        repo_id=repo, folder_path=folder / "data", path_in_repo="again", repo_type="dataset", delete_patterns="*"
    )
    copy = pathlib.Path(snapshot_download(repo, repo_type="dataset"))
    for path in folder.rglob("*"):
        if path.is_file():
            expect(path.name, (copy / path.relative_to(folder)).read_bytes() == path.read_bytes())
    local = WORK / "local"
    snapshot_download(repo, repo_type="dataset", local_dir=local, allow_patterns="data/1*")
    expect("patterns", sorted(path.name for path in (local / "data").iterdir()) == ["1.jsonl", "10.jsonl", "11.jsonl"])
    expect("tree", len(list(api.list_repo_tree(repo, recursive=True, repo_type="dataset"))) == 28)


def references():
    repo = api.create_repo("ana/refs").repo_id
    api.create_branch(repo, branch="try/one")
    api.create_branch(repo, branch="try/one", exist_ok=True)
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=repo, revision="try/one")
    api.create_tag(repo, tag="v1", revision="try/one", tag_message="First")
    expect("tag", pathlib.Path(hf_hub_download(repo, "x.txt", revision="v1")).read_bytes() == b"x")
    refs = api.list_repo_refs(repo, include_pull_requests=True)
    expect("branches", sorted(ref.name for ref in refs.branches) == ["main", "try/one"])
    expect("tags", [ref.name for ref in refs.tags] == ["v1"])
    api.delete_branch(repo, branch="try/one")
    api.delete_tag(repo, tag="v1")
    expect_error(RevisionNotFoundError, lambda: api.model_info(repo, revision="v1"))


def pull_requests():
    repo = api.create_repo("ana/pulls").repo_id
    done = stranger.upload_file(
        path_or_fileobj=b"theirs", path_in_repo="new.txt", repo_id=repo, create_pr=True, commit_message="Add a file"
    )
    expect("number", done.pr_num == 1 and done.pr_revision == "refs/pr/1")
    stranger.upload_file(path_or_fileobj=b"b", path_in_repo="b.txt", repo_id=repo, revision="refs/pr/1")
    api.comment_discussion(repo, 1, "Thank you")
    details = api.get_discussion_details(repo, 1)
    expect("events", [event.type for event in details.events] == ["comment", "commit", "commit", "comment"])
    expect("no conflicts", details.conflicting_files == [])
    api.merge_pull_request(repo, 1, comment="Merged")
    merged = api.get_discussion_details(repo, 1)
    expect("merged", merged.status == "merged" and merged.merge_commit_oid is not None)
    expect("merged with a comment", merged.events[-2].content == "Merged" and merged.events[-1].new_status == "merged")
    expect("content", pathlib.Path(hf_hub_download(repo, "new.txt")).read_bytes() == b"theirs")
    draft = api.create_pull_request(repo, title="A draft")
    expect("draft", draft.status == "draft" and draft.git_reference == "refs/pr/2")
    api.rename_discussion(repo, 2, "Another title")
    api.change_discussion_status(repo, 2, "closed")
    talk = api.create_discussion(repo, title="A question", description="Why?")
    listed = [(item.num, item.status) for item in api.get_repo_discussions(repo)]
    expect("list", listed == [(talk.num, "open"), (2, "closed"), (1, "merged")])
    pulls = api.get_repo_discussions(repo, discussion_type="pull_request", discussion_status="closed", author="ana")
    expect("filtered list", [item.num for item in pulls] == [2])
    comment = api.comment_discussion(repo, talk.num, "Becuse")
    edited = api.edit_discussion_comment(repo, talk.num, comment.id, "Because")
    expect("edited", edited.content == "Because" and edited.edited and edited.number_of_edits == 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expect("hidden", api.hide_discussion_comment(repo, talk.num, comment.id).hidden)
    closed = api.change_discussion_status(repo, talk.num, "closed", comment="Answered")
    expect("closed", closed.new_status == "closed")
    events = api.get_discussion_details(repo, talk.num).events
    expect("closed with a comment", [event.type for event in events][-2:] == ["comment", "status-change"])
    expect("reopened", api.change_discussion_status(repo, talk.num, "open").new_status == "open")


def access():
    repo = api.create_repo("ana/gated").repo_id
    api.upload_file(path_or_fileobj=b"{}", path_in_repo="config.json", repo_id=repo)
    api.update_repo_settings(repo, gated="manual")
    expect_error(GatedRepoError, lambda: hf_hub_download(repo, "config.json", token="hf_reader"))
    expect_error(GatedRepoError, lambda: hf_hub_download(repo, "config.json", token=False))
    expect_error(GatedRepoError, lambda: reader.auth_check(repo))
    api.grant_access(repo, "reader")
    reader.auth_check(repo)
    expect("granted", pathlib.Path(hf_hub_download(repo, "config.json", token="hf_reader")).read_bytes() == b"{}")
    error = expect_error(
        HfHubHTTPError,
        lambda: reader.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=repo),
    )
    expect("read token", error.response.status_code == 403)
    withheld = HfApi(token="hf_ana")
    withheld.create_repo("ana/withheld")
    from huggingface_hub.utils import get_session

    get_session().put(
        f"{ENDPOINT}/api/models/ana/withheld/settings",
        json={"disabled": True},
        headers={"authorization": "Bearer hf_ana"},
    ).raise_for_status()
    expect_error(DisabledRepoError, lambda: withheld.model_info("ana/withheld"))


def webhooks():
    hook = api.create_webhook(url="http://127.0.0.1:9/x", watched=[{"type": "user", "name": "ana"}], secret="sesame")
    expect("secret", api.get_webhook(hook.id).secret == "sesame")
    expect("changed", api.update_webhook(hook.id, domains=["repo"]).domains == ["repo"])
    expect("disabled", api.disable_webhook(hook.id).disabled and not api.enable_webhook(hook.id).disabled)
    api.disable_webhook(hook.id)
    expect("list", [item.id for item in api.list_webhooks()] == [hook.id])
    api.delete_webhook(hook.id)
    expect("gone", list(api.list_webhooks()) == [])


def transformers_loads():
    from transformers import AutoConfig, AutoTokenizer

    model = os.environ["HUBFUSE_PEERS_MODEL"]
    repo = api.create_repo("ana/model").repo_id
    api.upload_folder(repo_id=repo, folder_path=model)
    config = AutoConfig.from_pretrained(repo)
    tokenizer = AutoTokenizer.from_pretrained(repo)
    expect("config", config.model_type == json.loads((pathlib.Path(model) / "config.json").read_text())["model_type"])
    expect("tokens", len(tokenizer("hello")["input_ids"]) >= 3)
    if importlib.util.find_spec("torch") is None:
        print("    torch is not installed: weights were not loaded by transformers")
        return
    from transformers import AutoModelForSequenceClassification

    loaded = AutoModelForSequenceClassification.from_pretrained(repo)
    expect("weights", sum(parameter.numel() for parameter in loaded.parameters()) > 0)
    loaded.push_to_hub("ana/pushed", token="hf_ana")
    expect("pushed", api.file_exists("ana/pushed", "model.safetensors"))


def main():
    print(f"huggingface_hub {hub_version}, hf_xet {'on' if importlib.util.find_spec('hf_xet') else 'not installed'}")
    checks = [
        accounts,
        repositories,
        commits_and_files,
        large_files,
        folders,
        references,
        pull_requests,
        access,
        webhooks,
    ]
    if importlib.util.find_spec("transformers") is None:
        print("transformers is not installed: not checked")
    else:
        checks.append(transformers_loads)
    failed = 0
    for check in checks:
        try:
            check()
            print(f"  ok      {check.__name__}")
        except Exception as error:  # every check is to run, whatever the one before did
            failed += 1
            print(f"  FAILED  {check.__name__}: {type(error).__name__}: {error}")
    print(f"{len(checks) - failed} of {len(checks)} passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
