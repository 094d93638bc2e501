using System.Globalization;
using System.Numerics;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>
/// Python's numbers: bool and int (long here, beyond it an error), float (double). A BigInteger comes only from the caller's
/// JSON; it prints and compares, and is not computed with.
/// </summary>
static class Numbers
{
    public static bool IsIntegral(object? value) => value is bool or long;

    public static bool IsNumber(object? value) => value is bool or long or double or BigInteger;

    public static long AsInteger(object? value) => value switch
    {
        long number => number,
        bool flag => flag ? 1 : 0,
        Undefined undefined => throw undefined.Error,
        BigInteger => throw new OverflowException(),
        _ => throw new TemplateException($"'{TypeNames.Of(value)}' object cannot be interpreted as an integer"),
    };

    public static double AsDouble(object? value) => value switch
    {
        double number => number,
        BigInteger number => (double)number,
        _ => AsInteger(value),
    };

    /// <summary>Compares without losing an integer's low digits in a double.</summary>
    /// <returns>Null beside a NaN.</returns>
    public static int? Order(object left, object right)
    {
        if (IsIntegral(left) && IsIntegral(right)) return AsInteger(left).CompareTo(AsInteger(right));
        if (left is not double && right is not double) return Exact(left).CompareTo(Exact(right));
        var (a, b) = (AsDouble(left), AsDouble(right));
        if (double.IsNaN(a) || double.IsNaN(b)) return null;
        if ((left is double && right is double) || double.IsInfinity(a) || double.IsInfinity(b) || a != b) return a.CompareTo(b);
        // The doubles are equal and one came from an integer: so both are whole.
        return (left is double ? new BigInteger(a) : Exact(left)).CompareTo(right is double ? new BigInteger(b) : Exact(right));
    }

    public static object Power(long left, long right)
    {
        if (right < 0) return left == 0 ? throw new TemplateException("0.0 cannot be raised to a negative power") : Math.Pow(left, right);
        if (left is 0 or 1 || right == 0) return right == 0 ? 1L : left;
        if (left == -1) return right % 2 == 0 ? 1L : -1L;
        var power = 1L;
        for (; right > 0; right--) power *= left;       // overflows, an error, within 63 rounds
        return power;
    }

    public static double Power(double left, double right)
    {
        if (left == 0 && right < 0) throw new TemplateException("0.0 cannot be raised to a negative power");
        var power = Math.Pow(left, right);
        return double.IsNaN(power) && !double.IsNaN(left) && !double.IsNaN(right) ? throw new TemplateException("complex numbers are not known here")
            : double.IsInfinity(power) && double.IsFinite(left) && double.IsFinite(right) ? throw new TemplateException("Numerical result out of range")
            : power;
    }

    /// <summary>Python's int(text, base), base 0 to 36, 0 reading the prefix; null where the text is none.</summary>
    /// <exception cref="OverflowException">It does not fit 64 bits.</exception>
    public static long? ParseInteger(string text, long numberBase)
    {
        var digits = Whitespace.Trimmed(text);
        var isNegative = digits is ['-', ..];
        if (digits is ['-' or '+', ..]) digits = digits[1..];
        var prefixed = digits is ['0', _, ..] ? char.ToLowerInvariant(digits[1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 0 } : 0;
        if (prefixed != 0 && (numberBase == prefixed || numberBase == 0))
        {
            digits = digits[2..].TrimStart('_');
            numberBase = prefixed;
        }
        else if (numberBase == 0) numberBase = 10;
        if (digits.Length == 0 || digits[0] == '_' || digits[^1] == '_' || digits.Contains("__", StringComparison.Ordinal)) return null;

        var value = 0L;
        foreach (var character in digits)
        {
            if (character == '_') continue;
            var digit = char.IsAsciiLetter(character) ? (character | 0x20) - 'a' + 10 : (int)CharUnicodeInfo.GetDecimalDigitValue(character);
            if (digit < 0 || digit >= numberBase) return null;
            value = (value * numberBase) - digit;         // below zero, where there is room for one more
        }
        return isNegative ? value : -value;
    }

    /// <summary>Python's float(text); null where the text is none.</summary>
    public static double? ParseFloat(string text)
    {
        var digits = Whitespace.Trimmed(text).ToString();
        var unsigned = digits.TrimStart('+', '-').ToLowerInvariant();
        if (digits.Length - unsigned.Length > 1) return null;
        var sign = digits.StartsWith('-') ? -1 : 1;
        if (unsigned is "inf" or "infinity") return sign * double.PositiveInfinity;
        if (unsigned is "nan") return double.NaN;
        const NumberStyles style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(unsigned.Replace("_", "", StringComparison.Ordinal), style, CultureInfo.InvariantCulture, out var value) ? sign * value : null;
    }

    /// <summary>The character of a code point.</summary>
    public static Text Character(long codePoint) => codePoint is >= 0 and <= 0x10FFFF and not (>= 0xD800 and <= 0xDFFF)
        ? Text.Literal(char.ConvertFromUtf32((int)codePoint))
        : throw new TemplateException($"{codePoint} is not a character's code point");

    /// <summary>Rounds to decimals (negative: to tens), half to even, as exactly as the digits of the double are.</summary>
    public static object Round(object? value, long decimals)
    {
        if (value is double number)
        {
            if (!double.IsFinite(number) || decimals > 323) return number;
            return decimals < -308 ? 0.0 : double.Parse(Digits.Fixed(number, (int)decimals), CultureInfo.InvariantCulture);
        }
        var integer = AsInteger(value);
        if (decimals >= 0) return integer;
        if (decimals < -18) return 0L;
        var unit = (long)Power(10, -decimals);
        var rest = ((integer % unit) + unit) % unit;
        var down = integer - rest;
        var doubled = (Int128)rest * 2;
        return doubled > unit || (doubled == unit && down / unit % 2 != 0) ? down + unit : down;
    }

    static BigInteger Exact(object value) => value is BigInteger big ? big : AsInteger(value);
}
