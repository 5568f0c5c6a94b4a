/**
 * A device that does nothing, with the limits of a real one: what runs on it takes the same course,
 * allocates the same buffers and dispatches the same work, at the cost of the bookkeeping alone.
 * Reading back is an error.
 */
export function dryDevice(limits: GPUSupportedLimits): GPUDevice {
  const nothing = () => {};
  const pass = {
    setPipeline: nothing,
    setBindGroup: nothing,
    dispatchWorkgroups: nothing,
    end: nothing,
  };
  const encoder = {
    beginComputePass: () => pass,
    copyBufferToBuffer: nothing,
    finish: () => ({}),
  };
  const device = {
    limits,
    features: new Set<GPUFeatureName>(),
    lost: new Promise(nothing),
    queue: {
      submit: nothing,
      writeBuffer: nothing,
      onSubmittedWorkDone: () => Promise.resolve(),
    },
    addEventListener: nothing,
    destroy: nothing,
    pushErrorScope: nothing,
    popErrorScope: () => Promise.resolve(null),
    createShaderModule: () => ({}),
    createComputePipeline: () => ({ getBindGroupLayout: () => ({}) }),
    createBindGroup: () => ({}),
    createCommandEncoder: () => encoder,
    createBuffer: ({ size, usage, label }: GPUBufferDescriptor) => {
      if (usage & GPUBufferUsage.MAP_READ) throw new Error("A dry device has nothing to read");
      return {
        label,
        getMappedRange: () => new ArrayBuffer(size),
        unmap: nothing,
        destroy: nothing,
      };
    },
  };
  return device as unknown as GPUDevice;
}
