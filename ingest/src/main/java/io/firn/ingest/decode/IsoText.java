package io.firn.ingest.decode;

/**
 * Reads ISO 8601 dates and times as RFC 3339 narrows them: {@code 2026-01-31}, {@code 23:59:59.123},
 * {@code 2026-01-31T23:59:59.123+01:00}. A space may stand for the T, seconds may be left out, the offset is {@code Z},
 * {@code +hh:mm}, {@code +hhmm} or {@code +hh}. Years have four digits; there is no hour 24 and no second 60, since
 * neither has a value of its own.
 */
final class IsoText {
    private static final int DATE_LENGTH = 10;

    private byte[] text = new byte[0];
    private int end;
    private int position;
    private int year;
    private int month;
    private int day;
    private long secondOfDay;
    private int nano;
    private boolean finerThanNanos;
    private boolean hasOffset;
    private int offsetSeconds;

    /** Whether all these bytes are a date. */
    boolean readDate(byte[] b, int start, int length) {
        begin(b, start, length);
        return date() && position == end;
    }

    /** Whether all these bytes are a time of day. */
    boolean readTime(byte[] b, int start, int length) {
        begin(b, start, length);
        return time() && position == end;
    }

    /** Whether all these bytes are a date and time, with or without offset. */
    boolean readDateTime(byte[] b, int start, int length) {
        begin(b, start, length);
        if (!date() || position == end) {
            return false;
        }
        byte separator = b[position++];
        if (separator != 'T' && separator != 't' && separator != ' ') {
            return false;
        }
        return time() && (position == end || offset() && position == end);
    }

    boolean hasOffset() {
        return hasOffset;
    }

    /** Days since 1970-01-01 (Howard Hinnant's days_from_civil). */
    int epochDay() {
        int y = month <= 2 ? year - 1 : year;
        int era = Math.floorDiv(y, 400);
        int yearOfEra = y - era * 400;
        int dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
        int dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
        return era * 146_097 + dayOfEra - 719_468;
    }

    /** Seconds since 1970-01-01T00:00 at the offset given, at UTC where none was. */
    long epochSecond() {
        return epochDay() * 86_400L + secondOfDay - offsetSeconds;
    }

    long secondOfDay() {
        return secondOfDay;
    }

    int nano() {
        return nano;
    }

    /** Whether digits other than zero follow the ninth after the point. */
    boolean finerThanNanos() {
        return finerThanNanos;
    }

    private void begin(byte[] b, int start, int length) {
        text = b;
        position = start;
        end = start + length;
        hasOffset = false;
        offsetSeconds = 0;
        nano = 0;
        finerThanNanos = false;
    }

    private boolean date() {
        int p = position;
        if (end - p < DATE_LENGTH || text[p + 4] != '-' || text[p + 7] != '-') {
            return false;
        }
        int century = twoDigits(p);
        int yearOfCentury = twoDigits(p + 2);
        month = twoDigits(p + 5);
        day = twoDigits(p + 8);
        if ((century | yearOfCentury | month | day) < 0) {
            return false;
        }
        year = century * 100 + yearOfCentury;
        position = p + DATE_LENGTH;
        return month >= 1 && month <= 12 && day >= 1 && day <= daysOfMonth();
    }

    private int daysOfMonth() {
        if (month == 2) {
            return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
        }
        return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
    }

    private boolean time() {
        int p = position;
        if (end - p < 5 || text[p + 2] != ':') {
            return false;
        }
        int hour = twoDigits(p);
        int minute = twoDigits(p + 3);
        int second = 0;
        position = p + 5;
        if (position < end && text[position] == ':') {
            if (end - position < 3) {
                return false;
            }
            second = twoDigits(position + 1);
            position += 3;
            if (position < end && text[position] == '.' && !fraction()) {
                return false;
            }
        }
        secondOfDay = hour * 3600L + minute * 60L + second;
        return (hour | minute | second) >= 0 && hour <= 23 && minute <= 59 && second <= 59;
    }

    private boolean fraction() {
        int first = position + 1;
        int p = first;
        int value = 0;
        while (p < end && text[p] >= '0' && text[p] <= '9') {
            if (p - first < 9) {
                value = value * 10 + text[p] - '0';
            } else {
                finerThanNanos |= text[p] != '0';
            }
            p++;
        }
        for (int i = p - first; i < 9; i++) {
            value *= 10;
        }
        nano = value;
        position = p;
        return p > first;
    }

    private boolean offset() {
        hasOffset = true;
        byte sign = text[position++];
        if (sign == 'Z' || sign == 'z') {
            return true;
        }
        if (sign != '+' && sign != '-' || end - position < 2) {
            return false;
        }
        int hours = twoDigits(position);
        int minutes = 0;
        position += 2;
        if (position < end) {
            position += text[position] == ':' ? 1 : 0;
            if (end - position < 2) {
                return false;
            }
            minutes = twoDigits(position);
            position += 2;
        }
        if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59) {
            return false;
        }
        offsetSeconds = (hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
        return true;
    }

    private int twoDigits(int at) {
        int tens = text[at] - '0';
        int ones = text[at + 1] - '0';
        return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones;
    }
}
