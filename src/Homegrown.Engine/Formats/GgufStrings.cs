namespace Homegrown.Engine.Formats;

/// <summary>The strings of a metadata array as bytes, one after the other, straight from the file: foreach over it.</summary>
public ref struct GgufStrings
{
    readonly GgufCursor cursor;
    readonly string name;
    long left;

    internal GgufStrings(GgufCursor cursor, string name, long count) => (this.cursor, this.name, left) = (cursor, name, count);

    public ReadOnlySpan<byte> Current { get; private set; }

    public readonly GgufStrings GetEnumerator() => this;

    public bool MoveNext()
    {
        if (left == 0) return false;
        left--;
        Current = cursor.Text(name);
        return true;
    }
}
