import Control

/// Answers messages of the Model Context Protocol, one JSON-RPC 2.0 message a line.
/// See https://modelcontextprotocol.io/specification/2026-07-28 and, for the versions with a handshake, 2025-11-25.
struct MCPServer: Sendable {
    private static let statelessVersions = ["2026-07-28"]
    private static let handshakeVersions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
    private static let versionKey = "io.modelcontextprotocol/protocolVersion"
    private static let instructions = """
        Look after the app of this container: begin with the tool "status". Tools that change something are refused unless the \
        configuration says "control: { mcp: write }".
        """

    /// Why a request has no result; codes are those of JSON-RPC and of the protocol.
    private struct Refusal: Error {
        var code: Int64
        var message: String
        var data: JSONValue?
    }

    let tools: MCPTools

    /// The answer to one line; nil where it wants none.
    func reply(to line: String) async -> JSONValue? {
        guard let message = try? JSONValue(parsing: Array(line.utf8)) else { return answer(.null, Refusal(code: -32700, message: "not JSON")) }
        guard let method = message["method"]?.text, message["jsonrpc"] == "2.0" else {
            // An answer to a request that we have never made needs none.
            if message["result"] != nil || message["error"] != nil { return nil }
            return answer(message["id"] ?? .null, Refusal(code: -32600, message: "not a request of JSON-RPC 2.0"))
        }
        guard let id = message["id"] else { return nil }
        do throws(Refusal) {
            return ["jsonrpc": "2.0", "id": id, "result": .object(try await result(of: method, message["params"]?.members ?? [:]))]
        } catch {
            return answer(id, error)
        }
    }

    private func answer(_ id: JSONValue, _ refusal: Refusal) -> JSONValue {
        var error: [String: JSONValue] = ["code": .integer(refusal.code), "message": .text(refusal.message)]
        error["data"] = refusal.data
        return ["jsonrpc": "2.0", "id": id, "error": .object(error)]
    }

    private func result(of method: String, _ parameters: [String: JSONValue]) async throws(Refusal) -> [String: JSONValue] {
        if let version = parameters["_meta"]?[MCPServer.versionKey]?.text, !(MCPServer.statelessVersions + MCPServer.handshakeVersions).contains(version) {
            let supported = JSONValue.list((MCPServer.statelessVersions + MCPServer.handshakeVersions).map { .text($0) })
            throw Refusal(code: -32022, message: "unsupported protocol version", data: ["supported": supported, "requested": .text(version)])
        }
        switch method {
        case "initialize": return handshake(parameters["protocolVersion"]?.text)
        case "server/discover":
            return about.merging([
                "supportedVersions": .list(MCPServer.statelessVersions.map { .text($0) }), "resultType": "complete", "ttlMs": 0, "cacheScope": "private",
                "_meta": ["io.modelcontextprotocol/serverInfo": identity],
            ]) { $1 }
        case "ping": return [:]
        case "tools/list": return ["tools": MCPTools.list, "resultType": "complete", "ttlMs": 3_600_000, "cacheScope": "private"]
        case "tools/call": return try await call(parameters)
        default: throw Refusal(code: -32601, message: "there is no method \"\(method)\"")
        }
    }

    private var identity: JSONValue { ["name": "shipkeeper", "version": .text(programVersion)] }
    private var about: [String: JSONValue] { ["capabilities": ["tools": [:]], "instructions": .text(MCPServer.instructions)] }

    private func handshake(_ wanted: String?) -> [String: JSONValue] {
        let version = wanted.flatMap { MCPServer.handshakeVersions.contains($0) ? $0 : nil } ?? MCPServer.handshakeVersions[3]
        return about.merging(["protocolVersion": .text(version), "serverInfo": identity]) { $1 }
    }

    private func call(_ parameters: [String: JSONValue]) async throws(Refusal) -> [String: JSONValue] {
        guard let name = parameters["name"]?.text else { throw Refusal(code: -32602, message: "the name of the tool is missing") }
        guard let result = await tools.call(name, parameters["arguments"]?.members ?? [:]) else {
            throw Refusal(code: -32602, message: "there is no tool \"\(name)\"")
        }
        return [
            "content": [["type": "text", "text": .text(String(decoding: result.value.bytes, as: UTF8.self))]], "structuredContent": result.value,
            "isError": .flag(result.isError), "resultType": "complete",
        ]
    }
}
