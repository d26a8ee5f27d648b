import Foundation
import JobKit
import Settings
import TestSupport
import Testing

@testable import Web

/// Tokens, cookies, and the marks of forms.
@Suite("access")
struct AccessTests {
    private static let token = Secret("0123456789abcdef-0123")
    private let now = Date(timeIntervalSince1970: 1_790_000_000)

    @Test("a login is valid for its time and its token alone")
    func logins() {
        let keys = AccessKeys(AccessTests.token)
        let cookie = keys.login(at: now)
        #expect(keys.isValid(cookie, at: now) && keys.isValid(cookie, at: now.addingTimeInterval(30 * 86_400 - 1)))
        #expect(!keys.isValid(cookie, at: now.addingTimeInterval(30 * 86_400 + 1)))
        #expect(!AccessKeys(Secret("0123456789abcdef-0124")).isValid(cookie, at: now))
        #expect(cookie != keys.login(at: now) && !cookie.contains("0123456789abcdef"))
    }

    @Test("no change of a cookie leaves it valid")
    func forged() {
        let keys = AccessKeys(AccessTests.token)
        let cookie = Array(keys.login(at: now).utf8)
        for index in cookie.indices {
            for byte in [cookie[index] ^ 1, UInt8(ascii: "."), UInt8(ascii: "9")] where byte != cookie[index] {
                var other = cookie
                other[index] = byte
                #expect(!keys.isValid(String(decoding: other, as: UTF8.self), at: now))
            }
            #expect(!keys.isValid(String(decoding: cookie[..<index], as: UTF8.self), at: now))
        }
        for text in ["", "..", "9999999999..", "a.b.c", String(repeating: "9", count: 5000)] { #expect(!keys.isValid(text, at: now)) }
    }

    @Test("the mark of a form is that of its login")
    func marks() {
        let keys = AccessKeys(AccessTests.token)
        let (mine, other) = (keys.login(at: now), keys.login(at: now))
        #expect(keys.isMark(keys.mark(of: mine), of: mine) && !keys.isMark(keys.mark(of: mine), of: other) && !keys.isMark("", of: mine))
        #expect(keys.mark(of: mine) != mine.split(separator: ".").last.map(String.init))
    }

    @Test("a client that is wrong waits longer and longer, and no other one does")
    func limits() {
        var (limits, now, waits) = (LoginLimits(), Duration.seconds(1000), [Int64]())
        for _ in 0..<14 {
            while let wait = limits.wait(of: "203.0.113.1", at: now) { now += wait }
            limits.failed("203.0.113.1", at: now)
            waits.append(limits.wait(of: "203.0.113.1", at: now)?.components.seconds ?? 0)
        }
        #expect(waits == [0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900])
        #expect(limits.wait(of: "203.0.113.2", at: now) == nil)
        limits.succeeded("203.0.113.1")
        #expect(limits.wait(of: "203.0.113.1", at: now) == nil)
    }

    @Test("a hundred thousand wrong clients take no more room than a few, and lock out none that was not wrong")
    func crowd() {
        var limits = LoginLimits()
        for number in 0..<100_000 { limits.failed("client \(number)", at: .milliseconds(Int64(1_000_000 + number))) }
        #expect(limits.wait(of: "the owner", at: .seconds(1100)) == nil)
        #expect(Mirror(reflecting: limits).children.compactMap { ($0.value as? any Collection)?.count }.allSatisfy { $0 <= 2000 })
        // While many are wrong, the first slip costs a wait.
        limits.failed("late", at: .seconds(1099))
        #expect(limits.wait(of: "late", at: .seconds(1099)) == .seconds(2))
    }

    @Test("one IPv6 network is one client")
    func networks() {
        var limits = LoginLimits()
        for number in 0..<5 { limits.failed("2001:db8:1:2::\(number)", at: .seconds(5000)) }
        #expect(limits.wait(of: "2001:db8:1:2:ffff::1", at: .seconds(5000)) != nil && limits.wait(of: "2001:db8:1:3::1", at: .seconds(5000)) == nil)
    }

    @Test(
        "a browser says from where a form comes",
        arguments: [
            (["sec-fetch-site": "same-origin"], false), (["sec-fetch-site": "cross-site"], true), (["sec-fetch-site": "same-site"], true),
            (["sec-fetch-site": "none"], false), (["origin": "https://a.example", "host": "a.example"], false),
            (["origin": "https://b.example", "host": "a.example"], true), (["origin": "null", "host": "a.example"], true),
            (["origin": "https://a.example:8443", "host": "a.example"], true), (["origin": "http://A.example:80", "host": "a.example:80"], false), ([:], false),
            (["sec-fetch-site": "same-origin", "origin": "https://outer.example", "host": "inner"], false),
        ])
    func origins(headers: [String: String], isOther: Bool) { #expect(WebRequest(.post, "/-/login", headers: headers).isFromOtherSite == isOther) }

    @Test("the cookie of a frame is kept apart for its site, and that of a tab is strict")
    func cookies() {
        let tab = Access.header("x", lasts: .seconds(60), WebRequest(.post, "/-/login", headers: ["x-forwarded-proto": "https"]))
        #expect(tab == "shipkeeper-login=x; Max-Age=60; HttpOnly; SameSite=Strict; Secure")
        #expect(Access.header("x", lasts: .seconds(60), WebRequest(.post, "/-/login")) == "shipkeeper-login=x; Max-Age=60; HttpOnly; SameSite=Strict")
        let frame = Access.header("x", lasts: .seconds(60), WebRequest(.post, "/-/login", headers: ["sec-fetch-dest": "iframe"]))
        #expect(frame == "shipkeeper-login=x; Max-Age=60; HttpOnly; SameSite=None; Secure; Partitioned")
        #expect(WebRequest(.get, "/", headers: ["cookie": "a=1; shipkeeper-login=x=y;b"]).cookie("shipkeeper-login") == "x=y")
    }
}
