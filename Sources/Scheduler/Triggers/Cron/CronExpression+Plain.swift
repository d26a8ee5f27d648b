extension CronExpression {
    /// What the expression says with numbers, lists, ranges and steps alone.
    package struct Plain: Hashable, Sendable {
        /// A field: every number of it, each n-th one from its first, or some numbers.
        package enum Field: Hashable, Sendable {
            case every
            case everyNth(Int)
            case numbers([Int])
        }

        package var minute, hour, dayOfMonth, month, dayOfWeek: Field

        /// Whether a day is admitted when one of both day fields admits it.
        package var isEitherDay: Bool { dayOfMonth != .every && dayOfWeek != .every }
    }

    /// Nil where other programs have no words for it: with seconds, with days that depend on the month, and where other programs would read the two day fields in another way:
    /// one that begins with a star, or admits all days without one, next to one that does not.
    package var plain: Plain? {
        let fields = [minute, hour, dayOfMonth, month, dayOfWeek]
        guard !hasSeconds, fields.allSatisfy(\.marks.isEmpty) else { return nil }
        let plain = Plain(
            minute: minute.plain, hour: hour.plain, dayOfMonth: dayOfMonth.plain, month: month.plain, dayOfWeek: dayOfWeek.plain)
        return plain.isEitherDay == isEitherDay ? plain : nil
    }

    /// Whether its times are those of a wall clock, so that a change of the clocks concerns them.
    package var followsWallClock: Bool { !followsElapsedTime }
}

extension CronField {
    fileprivate var plain: CronExpression.Plain.Field {
        if count == kind.last - kind.range.lowerBound + 1 { return .every }
        if case .everyNth(let step)? = parts.first, parts.count == 1 { return .everyNth(step) }
        return .numbers(numbers)
    }
}
