import Control
import JobKit
import Settings
import TestSupport
import Testing

/// How far a run is, for programs and for people.
@Suite("progress answers")
struct ProgressAnswerTests {
    private func answer(_ progress: RunProgress, _ pace: Pace = Pace()) -> ProgressAnswer { ProgressAnswer(MeasuredProgress(progress, pace)) }

    private let full = MeasuredProgress(
        RunProgress(step: "uploading", count: .init(done: 1, total: 2, unit: "files"), bytes: .init(done: 120_500_000, total: 250_000_000)),
        Pace(bytesPerSecond: 12_100_000, timeLeft: .milliseconds(10_703)))

    @Test("for programs there are bytes, a percentage, a pace and the time left beside what is counted")
    func json() throws {
        let text = String(decoding: ControlJSON.encode(ProgressAnswer(full), as: .line), as: UTF8.self)
        #expect(
            text == """
                {"bytes_per_second":12100000,"done":1,"done_bytes":120500000,"percent":48.2,"seconds_left":11,"step":"uploading","total":2,\
                "total_bytes":250000000,"unit":"files"}
                """)
        #expect(try ControlJSON.decode(ProgressAnswer.self, from: Array(text.utf8)) == ProgressAnswer(full))
        let bytes = answer(RunProgress(step: "uploading", bytes: .init(done: 3, total: 4)))
        #expect(bytes.done == 3 && bytes.total == 4 && bytes.unit == "bytes" && bytes.percent == 75)
        let files = answer(RunProgress(step: "packing", done: 1, total: 3, unit: "files"))
        #expect(files.percent == 33.3 && files.doneBytes == nil && files.totalBytes == nil)
    }

    @Test("a percentage is 0 to 100, and 100 only of the whole")
    func percent() {
        func percent(_ done: Int64, _ total: Int64?) -> Double? { answer(RunProgress(step: "s", bytes: .init(done: done, total: total))).percent }
        #expect(percent(0, 0) == nil && percent(5, nil) == nil && percent(0, 5) == 0)
        #expect(percent(999_999, 1_000_000) == 99.9 && percent(.max - 1, .max) ?? 0 <= 100 && percent(7, 5) == 100)
        #expect(answer(RunProgress(step: "s", done: -4, total: 5, unit: "x")).percent == 0)
        #expect(answer(RunProgress(step: "s", done: 9, total: 5, unit: "x")).percent == 100)
        #expect(answer(RunProgress(step: "s", done: 9, total: -5, unit: "x")).percent == nil)
    }

    @Test("people read it in one line, which leaves out what matters least where it does not fit")
    func text() {
        let answer = ProgressAnswer(full)
        let whole = "uploading: 120.5 MB of 250.0 MB, 48 %, 12.1 MB/s, 11s left (1 of 2 files)"
        #expect(answer.text() == whole && answer.text(columns: 80) == whole)
        #expect(answer.text(columns: 70) == "uploading: 120.5 MB of 250.0 MB, 48 %, 12.1 MB/s, 11s left")
        #expect(answer.text(columns: 50) == "uploading: 120.5 MB of 250.0 MB, 48 %, 11s left")
        #expect(answer.text(columns: 40) == "uploading: 120.5 MB of 250.0 MB, 48 %" && answer.text(columns: 5) == answer.text(columns: 40))
        for columns in 37...100 { #expect(DisplayWidth.of(answer.text(columns: columns)) <= columns) }
        var chinese = full
        chinese.progress.step = "正在上传备份归档文件"
        chinese.progress.count?.unit = "个文件"
        #expect(DisplayWidth.of(ProgressAnswer(chinese).text(columns: 80)) <= 80)
    }

    @Test("what is not known is not said")
    func little() {
        #expect(answer(RunProgress(step: "installing", done: 0, unit: "packages")).text() == "installing")
        #expect(answer(RunProgress(step: "reading")).text() == "reading")
        #expect(answer(RunProgress(step: "building", done: 3, unit: "files")).text() == "building: 3 files")
        #expect(answer(RunProgress(step: "packing", done: 0, total: 1, unit: "files")).text() == "packing: 0 of 1 file, 0 %")
        #expect(answer(RunProgress(step: "replacing", done: 1, unit: "files")).text() == "replacing: 1 file")
        #expect(answer(RunProgress(step: "packing", done: 1, total: 4, unit: "files")).text() == "packing: 1 of 4 files, 25 %")
        #expect(answer(RunProgress(step: "copying", done: 45, total: 100, unit: "percent")).text() == "copying: 45 %")
        #expect(answer(RunProgress(step: "checking", bytes: .init(done: 2000)), Pace(bytesPerSecond: 0)).text() == "checking: 2.0 kB, 0 B/s")
        let unpacking = RunProgress(step: "unpacking", count: .init(done: 3, unit: "files"), bytes: .init(done: 10, total: 10))
        #expect(answer(unpacking, Pace(bytesPerSecond: 5, timeLeft: .zero)).text() == "unpacking: 10 B of 10 B, 100 %, 5 B/s (3 files)")
    }
}
