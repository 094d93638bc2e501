namespace Homegrown.Cli;

/// <summary>Bytes for people: decimal units, three digits.</summary>
static class ByteSize
{
    static readonly string[] units = ["B", "kB", "MB", "GB", "TB"];

    public static string Text(double bytes)
    {
        var unit = 0;
        for (; bytes >= 999.5 && unit < units.Length - 1; unit++) bytes /= 1000;
        return unit == 0 || bytes >= 99.95 ? $"{bytes:0} {units[unit]}" : $"{bytes:0.0} {units[unit]}";
    }
}
