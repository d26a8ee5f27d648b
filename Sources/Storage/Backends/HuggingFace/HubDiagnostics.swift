import Buckets
import Files
import Foundation
import HTTPClient
import Settings

/// Tries what backups need, one thing after the other, on a branch of its own that is gone afterwards.
struct HubDiagnostics: Sendable {
    private static let mostClockError = 300.0
    /// A thousand years, in seconds: no clock is wrong by more, whatever a server says.
    private static let mostShownClockError = 3.2e10

    let calls: HubAPIClient
    let history: HubHistory
    let quota: Int64?

    private var address: HubAddress { calls.address }

    func run(_ scratch: Folder) async -> [StoreCheck] {
        var checks: [StoreCheck] = []
        guard await look(&checks) else { return checks }
        guard await examineDataset(&checks) else { return checks }
        await tryWriting(scratch, &checks)
        return checks
    }

    // MARK: Reachable, token, clock

    private func look(_ checks: inout [StoreCheck]) async -> Bool {
        let url = address.endpoint + "/api/whoami-v2"
        let response: HTTPResponse
        do {
            response = try await calls.answer(HTTPRequest("GET", url, headers: calls.headers(for: url)), doing: "asking who we are")
        } catch {
            checks.append(
                StoreCheck("reachable", error.hint == nil ? error.with(hint: "is there a network, a proxy (https_proxy), a firewall in between?") : error))
            return false
        }
        checks.append(StoreCheck("reachable", .ok, "\(address.host) answers"))
        checkClock(response, &checks)
        guard response.status == 200, let who = try? calls.decode(HubMessages.WhoAmI.self, response, doing: "asking who we are") else {
            checks.append(StoreCheck("token", calls.refusal(response, from: url, doing: "asking who we are")))
            return false
        }
        let role = who.auth?.accessToken?.role.map { ", a \($0) token" } ?? ""
        if who.auth?.accessToken?.role == "read" {
            checks.append(
                StoreCheck(
                    "token", .failed, "valid, of \(who.name), but it may only read",
                    hint: "make one with write access at \(address.endpoint)/settings/tokens"))
        } else {
            checks.append(StoreCheck("token", .ok, "valid, of \(who.name)\(role)"))
        }
        return true
    }

    private func checkClock(_ response: HTTPResponse, _ checks: inout [StoreCheck]) {
        guard let text = response.header("Date"), let date = HTTPDate.parse(text) else { return }
        let error = min(abs(date.timeIntervalSince(calls.now())), HubDiagnostics.mostShownClockError)
        checks.append(
            error < HubDiagnostics.mostClockError
                ? StoreCheck("clock", .ok, "agrees with \(address.host) to \(Int(error.rounded())) s")
                : StoreCheck(
                    "clock", .warning, "differs from that of \(address.host) by \(Int(error)) s", hint: "schedules will be off; set the machine's clock"))
    }

    // MARK: The dataset

    private func examineDataset(_ checks: inout [StoreCheck]) async -> Bool {
        do throws(StorageError) {
            let (info, _) = try await calls.get(
                address.api() + "?expand=usedStorage&expand=private", as: HubMessages.RepoInfo.self, doing: "looking at the dataset")
            checks.append(StoreCheck("dataset", .ok, "\(address.dataset) is there"))
            checks.append(
                info.private == false
                    ? StoreCheck(
                        "private", .failed, "\(address.dataset) is public: anybody can read your backups, secrets in them included",
                        hint: "make it private in its settings, at \(address.endpoint)/datasets/\(address.dataset)/settings")
                    : StoreCheck("private", .ok, "only you can see it"))
            if let used = info.usedStorage { checks.append(spaceCheck(used)) }
            let head = try await history.head()
            let holds = head?.objects.keys.sorted().joined(separator: ", ") ?? ""
            checks.append(StoreCheck("content", .ok, holds.isEmpty ? "no backup yet" : "holds \(holds)"))
            return true
        } catch {
            checks.append(StoreCheck("dataset", error))
            return false
        }
    }

    private func spaceCheck(_ used: Int64) -> StoreCheck {
        let shown = "\(ByteSizeText.readable(used)) stored, old versions included"
        guard let quota, quota > 0 else { return StoreCheck("space", .ok, shown) }
        let share = used.percent(of: quota)
        return StoreCheck(
            "space", share >= 80 ? .warning : .ok, "\(shown), \(share) % of \(ByteSizeText.readable(quota))",
            hint: share >= 80 ? "set \"free_space: delete\" to free what \"keep\" no longer keeps" : nil)
    }

    // MARK: Writing, reading, deleting

    private func tryWriting(_ scratch: Folder, _ checks: inout [StoreCheck]) async {
        let branch = "shipkeeper-doctor-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
        do throws(StorageError) {
            let url = address.api("auth-check/write")
            _ = try await calls.send(HTTPRequest("GET", url, headers: calls.headers(for: url)), doing: "asking whether this token may write")
            try await setBranch(branch, exists: true)
        } catch {
            checks.append(StoreCheck("write", error))
            // It may have been made though the answer was lost.
            try? await setBranch(branch, exists: false)
            return
        }
        do throws(StorageError) {
            try await writeAndRead(branch, scratch)
            checks.append(StoreCheck("write", .ok, "wrote and read back a small file, on a branch of its own"))
        } catch {
            checks.append(StoreCheck("write", error))
        }
        do { try await setBranch(branch, exists: false) } catch {
            checks.append(StoreCheck("delete", error.with(hint: "remove the branch \(branch) at \(address.endpoint)/datasets/\(address.dataset)")))
            return
        }
        checks.append(StoreCheck("delete", .ok, "and removed it again; your backups were not touched"))
    }

    private func setBranch(_ branch: String, exists: Bool) async throws(StorageError) {
        let url = address.api("branch/\(branch)")
        let body: HTTPBody? = exists ? .bytes(HubMessages.encode(["startingPoint": address.revision])) : nil
        let request = HTTPRequest(
            exists ? "POST" : "DELETE", url, headers: calls.headers(for: url, type: exists ? HubAPIClient.json : nil), body: body,
            timeout: calls.patience.answer)
        _ = try await calls.send(request, doing: exists ? "making a branch to try writing on" : "removing the branch that was tried on")
    }

    private func writeAndRead(_ branch: String, _ scratch: Folder) async throws(StorageError) {
        let name: RawName = "shipkeeper-doctor.txt"
        let text = Array("written by shipkeeper doctor, \(UInt64.random(in: 0 ... .max))\n".utf8)
        let aside = HubAPIClient(HubAddress(endpoint: address.endpoint, dataset: address.dataset, revision: branch), like: calls)
        let history = HubHistory(calls: aside)
        let object = try await DedicatedThread.run { flag throws(StorageError) in
            do throws(FileError) { try scratch.replace(name, with: text) } catch { throw StorageError(error) }
            defer { try? scratch.remove(name) }
            return try HubObject(NewObject(name: name.description, folder: scratch, file: name), flag)
        }
        let version = try await HubCommit(calls: aside, history: history).make(
            [(object, .regular)], all: [object], parent: history.head()?.id, title: "shipkeeper doctor")
        let file = try await HubDownload(calls: aside).open(name.description, at: version, scratch: scratch, nil)
        let back = try await DedicatedThread.run { _ throws(StorageError) in
            do throws(FileError) { return try file.read(1000) } catch { throw StorageError(error) }
        }
        guard back == text else { throw .damaged("what was written came back as something else") }
    }
}

extension StorageError {
    fileprivate func with(hint: String) -> StorageError { StorageError(kind, message, hint: hint) }
}
