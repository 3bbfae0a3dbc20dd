using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Niwaki.LlamaCpp;

// Usage: Niwaki.LlamaCpp FOLDER-OF-THE-LIBRARY
// Reads one JSON object a line and answers each with one; {"error":"…"} where a model does not load or run:
//   {"op":"load","path":"model.gguf","repack":true} →  {}               takes the place of the model before
//   {"op":"logits","ids":[…],"flash":false}         → {"floats":"…"}   base64 of float32, [tokens, vocabulary]
//   {"op":"tokenize","text":"…","special":true}     → {"ids":[…]}
//   {"op":"time","ids":[…],"threads":2,"repeat":5}  → {"seconds":[…]}
//   {"op":"steps","ids":[…],"threads":2,"steps":16} → {"seconds":[…]}
//   {"op":"encode","type":8,"columns":64,"floats":"…"}       → {"bytes":"…"}
//   {"op":"decode","name":"q8_0","count":64,"bytes":"…"}     → {"floats":"…"}
LlamaLibrary.Load(args[0]);
LlamaModel? model = null;
while (Console.In.ReadLine() is { } line)
{
    Console.Out.WriteLine(AnswerOrError(JsonNode.Parse(line)!).ToJsonString());
    Console.Out.Flush();
}

model?.Dispose();

JsonObject AnswerOrError(JsonNode request)
{
    try
    {
        return Answer(request);
    }
    catch (InvalidOperationException exception)
    {
        return new JsonObject { ["error"] = exception.Message + " " + LlamaLibrary.TakeErrors() };
    }
}

JsonObject Answer(JsonNode request)
{
    switch (request["op"]!.GetValue<string>())
    {
        case "load":
            model?.Dispose();
            model = null;
            model = new LlamaModel(request["path"]!.GetValue<string>(), request["repack"]?.GetValue<bool>() ?? true);
            return [];
        case "logits":
            return Floats(model!.Logits(Ids(request), request["flash"]?.GetValue<bool>() ?? false));
        case "tokenize":
            int[] ids = model!.Tokenize(request["text"]!.GetValue<string>(), request["special"]!.GetValue<bool>(), parseSpecial: true);
            return new JsonObject { ["ids"] = new JsonArray([.. ids.Select(id => (JsonNode)id)]) };
        case "time":
            double[] seconds = model!.PromptSeconds(Ids(request), request["threads"]!.GetValue<int>(), request["repeat"]!.GetValue<int>());
            return new JsonObject { ["seconds"] = new JsonArray([.. seconds.Select(second => (JsonNode)second)]) };
        case "steps":
            double[] steps = model!.StepSeconds(Ids(request), request["threads"]!.GetValue<int>(), request["steps"]!.GetValue<int>());
            return new JsonObject { ["seconds"] = new JsonArray([.. steps.Select(second => (JsonNode)second)]) };
        case "encode":
            return new JsonObject { ["bytes"] = Convert.ToBase64String(Encode(request)) };
        default:
            return Floats(Decode(request));
    }
}

static int[] Ids(JsonNode request) => [.. request["ids"]!.AsArray().Select(id => id!.GetValue<int>())];

static JsonObject Floats(float[] values) => new() { ["floats"] = Convert.ToBase64String(MemoryMarshal.AsBytes<float>(values)) };

static unsafe byte[] Encode(JsonNode request)
{
    byte[] source = Convert.FromBase64String(request["floats"]!.GetValue<string>());
    int type = request["type"]!.GetValue<int>();
    long columns = request["columns"]!.GetValue<long>();
    long rows = source.Length / sizeof(float) / columns;
    byte[] encoded = new byte[(long)LlamaLibrary.RowBytes(type, columns) * rows];
    fixed (byte* from = source, to = encoded)
    {
        LlamaLibrary.Quantize(type, (float*)from, to, 0, rows, columns, null);
    }

    return encoded;
}

unsafe float[] Decode(JsonNode request)
{
    byte[] source = Convert.FromBase64String(request["bytes"]!.GetValue<string>());
    float[] values = new float[request["count"]!.GetValue<int>()];
    fixed (byte* from = source)
    fixed (float* to = values)
    {
        LlamaLibrary.Dequantizer(args[0], request["name"]!.GetValue<string>())(from, to, values.Length);
    }

    return values;
}
