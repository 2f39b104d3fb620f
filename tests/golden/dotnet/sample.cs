using System;
using System.Collections.Generic;
using System.Reflection;
using System.Runtime.InteropServices;
[assembly: AssemblyVersion("1.2.3.4")]
[assembly: Guid("12345678-9abc-def0-1234-56789abcdef0")]
[assembly: AssemblyTitle("sample")]
namespace Outer.Space {
  public interface IShape<T> { T Area(int scale); }
  public abstract class Shape : IShape<double> {
    public const string Kind = "constant-kind";
    protected static readonly byte[] Table = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17 };
    public abstract double Area(int scale);
    protected internal virtual void Grow(ref int by, string[] names, int[,] grid) { Console.WriteLine("growing"); }
  }
  public sealed class Circle : Shape, ICloneable {
    private double r;
    public override double Area(int scale) { return r * r * 3.14 * scale; }
    public object Clone() { return new Circle(); }
    internal static T Pick<T, U>(List<T> from, Dictionary<string, U> by, T[][] many) where U : class { return from[0]; }
    protected class Inner { public class Deep<A> { public A value; public A Get(Inner i, Deep<A> d, IEnumerable<A> e) { return value; } } }
    enum Color : byte { Red, Green }
    struct Point { public int x, y; }
    static unsafe void Raw(int* p, void** q, Point pt, Color c) { }
    [DllImport("native-library")] static extern int native_call(IntPtr h, UIntPtr u, uint a, ushort b, sbyte c, long d, ulong e, float f, char g, bool z);
    public delegate int Callback(TypedReference r, params object[] args);
  }
  static class Program { static int Main(string[] args) { Console.WriteLine("h\u00e9llo"); return 0; } }
}
