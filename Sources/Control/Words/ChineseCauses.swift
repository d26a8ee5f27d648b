import Scheduler

// What explanations say in Chinese. English texts are where the types are.

extension RunCause {
    var chinese: String {
        func origin(_ via: String) -> String {
            switch via {
            case "command line": "命令行"
            case "web": "网页"
            default: via
            }
        }
        return switch self {
        case .boot: "shipkeeper 启动"
        case .reload: "重新加载了配置"
        case .schedule(let schedule): "计划（\(schedule)）"
        case .after(let job, let run, let outcome):
            "任务 \(job)\(outcome.map { " \($0)" } ?? "")\(run.map { "（运行 \($0)）" } ?? "")"
        case .person(let via): "手动启动（\(origin(via))）"
        case .stop: "shipkeeper 停止"
        case .change(let path): "\(path) 下有变化"
        case .dryRun(let via): "手动试运行（\(origin(via))）"
        case .confirmed(let via): "手动启动，并接受变小的数据（\(origin(via))）"
        case .memoryLimit: "超出内存上限"
        case .other: displayText
        }
    }
}

extension EndReason {
    var chinese: String {
        switch self {
        case .timeout: "超时"
        case .person: "手动停止"
        case .restore: "正在恢复数据"
        case .replaced: "由更新的一次运行取代"
        case .reloaded: "配置已改变"
        case .shutdown: "shipkeeper 正在停止"
        }
    }
}

extension JobProblem.Kind {
    var chinese: String {
        switch self {
        case .failed: "失败"
        case .failing: "出错"
        case .incomplete: "不完整"
        case .restarting: "反复重启"
        case .late: "到点未开始"
        case .silent: "长时间没有成功"
        case .slow: "运行过慢"
        }
    }
}

extension Trigger {
    var chinese: String {
        switch self {
        case .boot: "启动时"
        case .stop: "停止时"
        case .schedule(let schedule, _): schedule.reading.chinese
        case .watch(let paths, _): "\(paths.joined(separator: " 或 ")) 变化时"
        case .after(let job, let outcome):
            "\(job == Followers.anyJob ? "任一任务" : "任务 \(job)")\(outcome == .succeeded ? "成功" : " \(outcome.rawValue) ")后"
        }
    }
}
