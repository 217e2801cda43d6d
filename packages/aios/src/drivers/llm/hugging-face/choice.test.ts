import { describe, expect, test } from "vitest";
import { chooseGguf, chooseOnnx } from "./choice.ts";
import { parseReference } from "./reference.ts";

const usual = ["q2_k", "q4_0", "q4_k_m", "q8_0", "fp16"].map((each) => `qwen2.5-0.5b-instruct-${each}.gguf`);
const path = (choice: ReturnType<typeof chooseGguf>): string | undefined =>
  choice.is === "chosen" ? choice.set.path : undefined;

describe("which file of a repository is taken", () => {
  test("of the usual quantisations Q4_K_M, in whatever case its name is written", () => {
    expect(path(chooseGguf(usual))).toBe("qwen2.5-0.5b-instruct-q4_k_m.gguf");
    expect(path(chooseGguf(["a.Q8_0.gguf", "a.F16.gguf"]))).toBe("a.Q8_0.gguf");
    expect(path(chooseGguf(["UD/a-UD-Q4_K_XL.gguf", "a-Q5_K_M.gguf"]))).toBe("UD/a-UD-Q4_K_XL.gguf");
  });

  test("the one that there is, also where its name says nothing; never an image part or a note for quantising", () => {
    expect(path(chooseGguf(["model.gguf", "mmproj-F16.gguf", "imatrix.gguf", "README.md"]))).toBe("model.gguf");
    expect(chooseGguf(["README.md", "model.safetensors"]).is).toBe("none");
  });

  test("the one that was named: path, file name, quantisation, or a part of a split model", () => {
    const files = ["BF16/a-BF16-00001-of-00002.gguf", "BF16/a-BF16-00002-of-00002.gguf", "a-Q8_0.gguf"];
    expect(path(chooseGguf(files, "bf16"))).toBe(files[0]);
    expect(path(chooseGguf(files, files[1]))).toBe(files[0]);
    expect(path(chooseGguf(files, "a-Q8_0.gguf"))).toBe("a-Q8_0.gguf");
    expect(chooseGguf(files, "Q6_K").is).toBe("unknown");
  });

  test("a split model of which parts are missing is not whole", () => {
    const choice = chooseGguf(["a-00001-of-00003.gguf", "a-00003-of-00003.gguf"]);
    expect(choice.is === "chosen" && choice.set.isWhole).toBe(false);
  });

  test("none where two models of one repository have the same quantisation", () => {
    expect(chooseGguf(["base-Q4_K_M.gguf", "chat-Q4_K_M.gguf"]).is).toBe("several");
  });

  test("of ONNX weights q4, with all files of their data", () => {
    const files = ["onnx/model.onnx", "onnx/model_q4.onnx", "onnx/model_q4.onnx_data", "onnx/model_q4.onnx_data_1"];
    const choice = chooseOnnx(files);
    expect(choice.is === "chosen" && choice.set).toMatchObject({ quantisation: "q4", paths: files.slice(1) });
    expect(chooseOnnx(files, "fp32")).toMatchObject({ is: "chosen", set: { path: "onnx/model.onnx" } });
    expect(chooseOnnx(["onnx/model_quantized.onnx"])).toMatchObject({ set: { quantisation: "q8" } });
  });
});

describe("a reference", () => {
  test("has a repository, and where they are said a revision and a file", () => {
    expect(parseReference("hf:a/b")).toEqual({ repo: "a/b", revision: "main", file: undefined });
    expect(parseReference("hf:a/b@refs/pr/1:sub/c.gguf")).toEqual({
      repo: "a/b",
      revision: "refs/pr/1",
      file: "sub/c.gguf",
    });
  });

  test.each([
    "a/b",
    "hf:b",
    "hf:a/b/c",
    "hf:a/..",
    "hf:../b",
    "hf:a/b@../x",
    "hf:a/b:../../x",
    "hf:a/b:/etc/x",
    "hf:a/b:C:\\x",
    "",
  ])("%j is none", (text) => expect(parseReference(text)).toBeUndefined());
});
