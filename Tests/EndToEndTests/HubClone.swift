import TestSupport
import Testing

extension StandInHub {
    /// The restic program on the newest state of a dataset, which the Hub's own client fetches before.
    func restic(_ line: String, password: String, in folder: TemporaryFolder, dataset: String = "alice/backup") throws -> Shell.Result {
        let fetch = """
            import huggingface_hub
            huggingface_hub.snapshot_download("\(dataset)", repo_type="dataset", local_dir="\(folder["clone"])", token="\(StandInHub.writeToken)")
            """
        try folder.run("rm -rf clone")
        try folder.write("fetch.py", fetch)
        let fetched = try Shell.run(
            "'\(Shell.python)' '\(folder["fetch.py"])'", environment: ["HF_ENDPOINT": endpoint, "HF_HOME": folder["hf"], "HF_HUB_DISABLE_XET": "1"])
        #expect(fetched.status == 0, "\(fetched)")
        return try Shell.run(
            "restic --no-cache --no-lock \(line)", environment: ["RESTIC_PASSWORD": password, "RESTIC_REPOSITORY": folder["clone"]])
    }
}
