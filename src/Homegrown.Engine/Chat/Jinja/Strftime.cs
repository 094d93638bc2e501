using System.Globalization;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>C's strftime in the C locale, with glibc's "-" flag, for a local time without a zone, as Python's datetime.now() gives it.</summary>
static class Strftime
{
    public static Text Format(DateTime time, Text format)
    {
        var result = new TextBuilder();
        var (source, done) = (format.Value, 0);
        for (int at; (at = source.IndexOf('%', done)) >= 0;)
        {
            result.Append(format, done, at - done);
            var unpadded = at + 2 < source.Length && source[at + 1] == '-';
            done = at + (unpadded ? 3 : 2);
            if (done > source.Length) throw new TemplateException("strftime_now: the format ends after '%'");
            var field = Field(time, source[done - 1]);
            if (unpadded && field.Length > 1) field = field[..^1].TrimStart('0', ' ') + field[^1];
            result.Append(field);
        }
        return result.Append(format, done, source.Length - done).ToText();
    }

    static string Field(DateTime time, char directive) => directive switch
    {
        'Y' => Write(time, "yyyy"),
        'y' => Write(time, "yy"),
        'C' => $"{time.Year / 100:00}",
        'm' => Write(time, "MM"),
        'd' => Write(time, "dd"),
        'e' => $"{time.Day,2}",
        'H' => Write(time, "HH"),
        'I' => Write(time, "hh"),
        'k' => $"{time.Hour,2}",
        'l' => $"{(time.Hour + 11) % 12 + 1,2}",
        'M' => Write(time, "mm"),
        'S' => Write(time, "ss"),
        'f' => Write(time, "ffffff"),
        'p' => Write(time, "tt"),
        'P' => Write(time, "tt").ToLowerInvariant(),
        'A' => Write(time, "dddd"),
        'a' => Write(time, "ddd"),
        'B' => Write(time, "MMMM"),
        'b' or 'h' => Write(time, "MMM"),
        'j' => $"{time.DayOfYear:000}",
        'u' => $"{((int)time.DayOfWeek + 6) % 7 + 1}",
        'w' => $"{(int)time.DayOfWeek}",
        'U' => $"{(time.DayOfYear + 6 - (int)time.DayOfWeek) / 7:00}",
        'W' => $"{(time.DayOfYear + 6 - ((int)time.DayOfWeek + 6) % 7) / 7:00}",
        'V' => $"{ISOWeek.GetWeekOfYear(time):00}",
        'G' => $"{ISOWeek.GetYear(time):0000}",
        'g' => $"{ISOWeek.GetYear(time) % 100:00}",
        'D' or 'x' => Write(time, "MM/dd/yy"),
        'F' => Write(time, "yyyy-MM-dd"),
        'T' or 'X' => Write(time, "HH:mm:ss"),
        'R' => Write(time, "HH:mm"),
        'r' => Write(time, "hh:mm:ss tt"),
        'c' => $"{Write(time, "ddd MMM")} {time.Day,2} {Write(time, "HH:mm:ss yyyy")}",
        'n' => "\n",
        't' => "\t",
        'z' or 'Z' => "",
        '%' => "%",
        _ => throw new TemplateException($"strftime_now: unknown directive '%{directive}'"),
    };

    static string Write(DateTime time, string pattern) => time.ToString(pattern, CultureInfo.InvariantCulture);
}
