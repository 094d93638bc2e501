using System.Globalization;
using System.Numerics;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>Doubles as decimal digits, as Python writes them.</summary>
static class Digits
{
    /// <summary>The shortest digits that read back as the same double: 0.1, 1e-05, 1e+16, 3.0, inf.</summary>
    public static string Shortest(double value)
    {
        if (Special(value) is { } special) return special;
        if (value == 0) return double.IsNegative(value) ? "-0.0" : "0.0";
        var (digits, exponent) = Split(Math.Abs(value).ToString("R", CultureInfo.InvariantCulture));
        var sign = value < 0 ? "-" : "";
        if (exponent is < -4 or >= 16) return $"{sign}{digits[0]}{(digits.Length > 1 ? "." + digits[1..] : "")}{Exponent(exponent)}";
        if (exponent < 0) return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        digits = digits.PadRight(exponent + 2, '0');
        return $"{sign}{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }

    /// <summary>Exactly so many decimals, the exact value of the double rounded half to even; negative rounds to tens.</summary>
    public static string Fixed(double value, int decimals)
    {
        if (Special(value) is { } special) return special;
        var (mantissa, power) = Binary(value);
        var (numerator, denominator) = (mantissa, BigInteger.One);
        if (decimals > 0) numerator *= BigInteger.Pow(10, decimals);
        else denominator *= BigInteger.Pow(10, -decimals);
        if (power > 0) numerator <<= power;
        else denominator <<= -power;
        var quotient = BigInteger.DivRem(numerator, denominator, out var rest);
        var half = (rest << 1).CompareTo(denominator);
        if (half > 0 || (half == 0 && !quotient.IsEven)) quotient++;
        if (decimals < 0) quotient *= BigInteger.Pow(10, -decimals);

        var digits = quotient.ToString(CultureInfo.InvariantCulture).PadLeft(Math.Max(decimals, 0) + 1, '0');
        var sign = double.IsNegative(value) ? "-" : "";
        return decimals > 0 ? $"{sign}{digits[..^decimals]}.{digits[^decimals..]}" : sign + digits;
    }

    /// <summary>1.50e+03</summary>
    public static string Scientific(double value, int decimals)
    {
        if (Special(value) is { } special) return special;
        var text = value.ToString("E" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        var mark = text.IndexOf('E', StringComparison.Ordinal);
        return text[..mark] + Exponent(int.Parse(text.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
    }

    /// <summary>C's %g: so many significant digits, the shorter of the two forms, without zeros at the end.</summary>
    public static string General(double value, int significant, bool keepsZeros)
    {
        if (Special(value) is { } special) return special;
        significant = Math.Max(significant, 1);
        var scientific = Scientific(value, significant - 1);
        var mark = scientific.IndexOf('e', StringComparison.Ordinal);
        var exponent = int.Parse(scientific.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (exponent < -4 || exponent >= significant) return (keepsZeros ? scientific[..mark] : Trimmed(scientific[..mark])) + scientific[mark..];
        var text = Fixed(value, significant - 1 - exponent);
        return keepsZeros ? text : Trimmed(text);
    }

    static string Trimmed(string digits) => digits.Contains('.', StringComparison.Ordinal) ? digits.TrimEnd('0').TrimEnd('.') : digits;

    static string? Special(double value) => value switch
    {
        double.NaN => "nan",
        double.PositiveInfinity => "inf",
        double.NegativeInfinity => "-inf",
        _ => null,
    };

    static string Exponent(int exponent) => $"e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";

    /// <summary>"123.45" or "1.2345E+02" as the digits 12345 and the exponent 2 of the first.</summary>
    static (string Digits, int Exponent) Split(string number)
    {
        var mark = number.IndexOf('E', StringComparison.Ordinal);
        var shift = mark < 0 ? 0 : int.Parse(number.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var body = mark < 0 ? number : number[..mark];
        var point = body.IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? body.Length : point;
        var digits = body.Replace(".", "", StringComparison.Ordinal);
        var zeros = digits.Length - digits.TrimStart('0').Length;
        var significant = digits.Trim('0');
        return (significant, shift + whole - 1 - zeros);
    }

    /// <summary>|value| = mantissa * 2^power.</summary>
    static (BigInteger Mantissa, int Power) Binary(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)((bits >> 52) & 0x7FF);
        var fraction = bits & 0xF_FFFF_FFFF_FFFF;
        return exponent == 0 ? (fraction, -1074) : (fraction | (1L << 52), exponent - 1075);
    }
}
