/** The libtorch that set-up fetches when this machine has none, by version and hash. */

export const SUPPORTED_FROM = '2.11';

/** The version that the tests ran with. */
export const PINNED_VERSION = '2.13.0';

/** Wheels of one Python tag serve every Python: only `lib` and `include` are taken from them. */
export const WHEEL_TAG = { python: '3.11', abi: 'cp311' } as const;

/**
 * Beside a CUDA build of torch, these two let it load on a machine without a GPU: `libtorch_cpu.so` itself
 * needs their libraries.
 */
export const CUDA_RUNTIME_WHEELS = ['nvidia-cuda-runtime==13.0.96', 'nvidia-cuda-cupti==13.0.85'] as const;

/** sha256 by file name. A wheel that is not listed is held against its index's own hash, by pip. */
export const WHEEL_HASHES: Readonly<Record<string, string>> = {
  'torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl':
    '6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b',
  'torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl':
    '60fcdcb2f3876e21146cb4524ef06397d727ca9ad5f020818547e25075fe3cb7',
  'torch-2.13.0-cp311-cp311-manylinux_2_28_aarch64.whl':
    '092790c696a760c729fd5722835f50b9d81fd7c8f141571f3f3cf4081a8f664c',
  'torch-2.13.0-cp311-cp311-macosx_14_0_arm64.whl':
    'e76f9bcecc52b8ff711239a2f7547d5353df95878ab232f0773c1d95928b92f8',
  'nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl':
    '7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548',
  'nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_aarch64.manylinux_2_17_aarch64.whl':
    'ef9bcbe90493a2b9d810e43d249adb3d02e98dd30200d86607d8d02687c43f55',
  'nvidia_cuda_cupti-13.0.85-py3-none-manylinux_2_25_x86_64.whl':
    '4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8',
  'nvidia_cuda_cupti-13.0.85-py3-none-manylinux_2_25_aarch64.whl':
    '796bd679890ee55fb14a94629b698b6db54bcfd833d391d5e94017dd9d7d3151',
};

/** Compare versions such as `2.13.0` number by number: negative when `a` is older. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(/[.+]/).slice(0, 3).map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
